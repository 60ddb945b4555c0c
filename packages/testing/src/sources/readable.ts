/** Sources of Node: any `Readable`, the `IncomingMessage` of a client's request, and what light-my-request's `inject` answers. */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Flow } from '../collector.js';
import type { Open } from './source.js';

/**
 * What `app.inject()` of Fastify (light-my-request) resolves to, as far as it is needed here. With `payloadAsStream: true` it
 * resolves when the headers are there, otherwise when the response is complete.
 * @example
 * const stream = await collect(app.inject({ url: '/news', payloadAsStream: true }));
 */
export interface InjectResponse {
  readonly statusCode: number;
  readonly headers: OutgoingHttpHeaders;
  readonly raw: { readonly res: ServerResponse };
  /** The complete body; absent with `payloadAsStream: true`. */
  readonly rawPayload?: Buffer;
  stream(): Readable;
}

export function openReadable(readable: Readable): Open {
  return async (begin) => {
    if (readable.readableEnded || readable.readableDidRead) {
      throw new TypeError('Cannot collect the Readable: it has already been read');
    }
    const { statusCode = 0, headers = {} } = readable as { statusCode?: number; headers?: IncomingHttpHeaders };
    const stop = () => void readable.destroy();
    feed(readable, begin({ label: labelOf(readable), status: statusCode, headers, stop }));
  };
}

export function openInjected(response: InjectResponse): Open {
  return async (begin) => {
    const { res } = response.raw;
    const head = {
      label: `inject ${res.req.method} ${res.req.url}`,
      status: response.statusCode,
      headers: response.headers as IncomingHttpHeaders,
    };
    if (response.rawPayload !== undefined) {
      const flow = begin({ ...head, stop() {} });
      flow.push(response.rawPayload);
      flow.end();
      return;
    }
    const stream = response.stream();
    // There is no socket: the server learns that the client went away from its own request and response alone.
    const stop = () => {
      res.req.destroy();
      res.destroy();
      stream.destroy();
    };
    feed(stream, begin({ ...head, stop }));
  };
}

/** Reads on until the end, whatever comes. */
export function feed(readable: Readable, flow: Flow): void {
  // Stays for good, so that an error after the end has a listener.
  readable.on('error', (error) => flow.fail(error));
  readable.on('end', () => flow.end());
  readable.on('close', () => flow.fail(new Error('closed before its end')));
  readable.on('data', (chunk: Uint8Array | string) => {
    flow.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  });
  // Its `close` may have passed already.
  if (readable.destroyed) flow.fail(readable.errored ?? new Error('destroyed before it was collected'));
}

function labelOf(readable: Readable): string {
  const { req } = readable as { req?: { method?: string; path?: string; host?: string } };
  return req?.path === undefined ? 'The Readable' : `${req.method} ${req.host}${req.path}`;
}
