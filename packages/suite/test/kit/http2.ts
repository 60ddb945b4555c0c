/** Clients that speak HTTP/2, with one session for each server. */

import { once } from 'node:events';
import * as http2 from 'node:http2';
import { type Collector, collect } from '@headwater/testing';
import { pem } from './certificate.js';
import type { Request } from './served.js';
import { DEADLINE_MS } from './wait.js';

export class Http2Client {
  readonly #origin: string;
  readonly #settings: http2.Settings;
  #session: http2.ClientHttp2Session | undefined;

  constructor(origin: string, settings: http2.Settings = {}) {
    this.#origin = origin;
    this.#settings = settings;
  }

  get session(): http2.ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = http2.connect(this.#origin, { ca: pem, settings: this.#settings });
    session.on('error', () => {});
    this.#session = session;
    return session;
  }

  /** The head of the response; the body has not been read. */
  async head(path: string, request: Request): Promise<http2.ClientHttp2Stream & Head> {
    const { method = 'GET', headers = {}, body, lastEventId } = request;
    const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const stream = this.session.request({
      ':path': path,
      ':method': method,
      accept: 'text/event-stream',
      ...Object.fromEntries(given),
      ...(lastEventId ? { 'last-event-id': lastEventId } : {}),
    });
    stream.on('error', () => {});
    if (body !== undefined || method === 'GET' || method === 'HEAD') stream.end(body);
    const closed = once(stream, 'close').then(() => Promise.reject(new Error(`${path} was reset before its head`)));
    const [answer] = (await Promise.race([once(stream, 'response'), closed])) as [http2.IncomingHttpHeaders];
    closed.catch(() => {});
    const { ':status': statusCode = 0, ...received } = answer as http2.IncomingHttpHeaders & { ':status'?: number };
    return Object.assign(stream, { statusCode, headers: received as http2.IncomingHttpHeaders });
  }

  async open(path: string, request: Request): Promise<Collector> {
    return collect(await this.head(path, request), { timeoutMs: request.timeoutMs ?? DEADLINE_MS });
  }

  close(): void {
    this.#session?.destroy();
  }
}

interface Head {
  readonly statusCode: number;
  readonly headers: http2.IncomingHttpHeaders;
}
