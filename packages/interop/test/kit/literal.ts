/** A server that answers literally: these bytes, under these headers. For what no server of ours sends. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'vitest';

export interface Literal {
  readonly url: string;
  /** The Last-Event-ID of each request, and when it came, in milliseconds. */
  readonly requests: readonly { readonly lastEventId: string; readonly at: number }[];
}

/** `answer` gets the number of the request, from 0. Listens until the test is done. */
export async function literal(
  { onTestFinished }: TestContext,
  answer: (response: ServerResponse, index: number, request: IncomingMessage) => void,
): Promise<Literal> {
  const requests: { lastEventId: string; at: number }[] = [];
  const server = createServer((request, response) => {
    requests.push({ lastEventId: String(request.headers['last-event-id'] ?? ''), at: performance.now() });
    answer(response, requests.length - 1, request);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests };
}

/** The head of a stream, in whatever case. */
export function head(response: ServerResponse, contentType = 'text/event-stream'): ServerResponse {
  return response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache' });
}
