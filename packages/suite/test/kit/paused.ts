/** Clients that read nothing until they are told to, over HTTP/1.1 and HTTP/2 alike. */
import { constants } from 'node:http2';
import { collect, type EventWaits, slowClient } from '@headwater/testing';
import { onTestFinished } from 'vitest';
import { pem } from './certificate.js';
import { Http2Client } from './http2.js';
import type { Request } from './served.js';
import { DEADLINE_MS } from './wait.js';

/** Ways to go: a broken connection (RST; for HTTP/2 the whole session), or an orderly one (FIN; RST_STREAM with CANCEL). */
export type HangUp = 'break' | 'leave';

export interface Paused {
  readonly status: number;
  /** Reads from here on, as fast as it comes. */
  resume(): Promise<EventWaits & { readonly closed: Promise<{ reason: string }> }>;
  hangUp(how?: HangUp): void;
}

export async function pauseHttp1(url: string, request: Request): Promise<Paused> {
  const client = await slowClient(url, { timeoutMs: DEADLINE_MS, ...request, tls: { ca: pem } });
  onTestFinished(() => client.destroy());
  return {
    status: client.status,
    resume: async () => {
      client.resume();
      return client;
    },
    hangUp: (how) => (how === 'leave' ? client.end() : client.destroy()),
  };
}

/** Over a session of its own: a stream that is not read holds back the window of its session too. */
export async function pauseHttp2(origin: string, path: string, request: Request): Promise<Paused> {
  const client = new Http2Client(origin);
  onTestFinished(() => client.close());
  const stream = await client.head(path, request);
  return {
    status: stream.statusCode,
    resume: () => collect(stream, { timeoutMs: request.timeoutMs ?? DEADLINE_MS }),
    hangUp: (how) => (how === 'leave' ? stream.close(constants.NGHTTP2_CANCEL) : client.close()),
  };
}
