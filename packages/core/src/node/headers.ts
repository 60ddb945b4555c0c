/**
 * The head of a stream: which status and headers go out, given what earlier middleware has set.
 * Invariant: nothing is changed before all of it is known to be valid. Framing (`content-length`, `connection`, ...) is Node's.
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { SseError } from '../errors.js';
import type { StreamInit } from '../sink.js';
import { type NodeResponse, statusHasBody } from './response.js';

/** A header to set, or with `undefined` to remove. Names are lower case. */
export type HeaderChange = readonly [name: string, value: string | readonly string[] | undefined];

/** What a header is now, as `res.getHeader` and `reply.getHeader` tell it. */
export type HeaderReader = (name: string) => number | string | readonly string[] | undefined;

/** What never comes from `StreamInit.headers`: it would contradict the bytes that follow. */
const FRAMING = new Set(['content-length', 'transfer-encoding']);

/** Hop-by-hop headers, which HTTP/2 forbids (RFC 9113, section 8.2.2). */
const HTTP1_ONLY = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/**
 * What has to change in the headers of a response for it to be an event stream. Everything else stays: CORS, cookies, security
 * headers.
 * @throws TypeError for a name or value in `headers` that HTTP does not allow.
 */
export function streamHeaders(
  existing: HeaderReader,
  headers: StreamInit['headers'] = {},
  options: { http2?: boolean; traceparent?: string | undefined } = {},
): HeaderChange[] {
  const changes = new Map<string, HeaderChange[1]>();
  // In lower case and without a charset: several clients compare it as text.
  changes.set('content-type', 'text/event-stream');
  changes.set('cache-control', cacheControl(existing('cache-control')));
  // nginx buffers streams without it.
  changes.set('x-accel-buffering', 'no');
  // A stream has neither a length nor a representation to validate.
  for (const name of ['content-length', 'etag']) if (existing(name) !== undefined) changes.set(name, undefined);
  if (options.traceparent !== undefined) {
    changes.set('traceparent', options.traceparent);
    changes.set('server-timing', serverTiming(existing('server-timing'), options.traceparent));
  }
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    checkHeader(name, value);
    if (value === undefined || !FRAMING.has(key)) changes.set(key, value);
  }
  if (options.http2) {
    for (const name of HTTP1_ONLY) {
      changes.delete(name);
      if (existing(name) !== undefined) changes.set(name, undefined);
    }
  }
  return [...changes];
}

/**
 * The status of the stream.
 * @throws SseError `ERR_SSE_NOT_STREAMABLE` for one outside 200 to 599, or without a body.
 */
export function streamStatus(status: number): number {
  if (Number.isInteger(status) && status < 600 && statusHasBody(status)) return status;
  throw new SseError(
    'ERR_SSE_NOT_STREAMABLE',
    `Cannot open a stream with status ${status}: ${
      statusHasBody(status) ? 'it must be an integer from 200 to 599' : 'such a response has no body'
    }`,
  );
}

/** Sets status and headers. Returns what takes the change back, for an error page that must not look like a stream. */
export function applyHead(res: NodeResponse, status: number, changes: readonly HeaderChange[]): () => void {
  const statusBefore = res.statusCode;
  const before = changes.map(([name]): HeaderChange => {
    const value = res.getHeader(name);
    return [name, typeof value === 'number' ? String(value) : value];
  });
  setHeaders(res, changes);
  res.statusCode = status;
  return () => {
    setHeaders(res, before);
    res.statusCode = statusBefore;
  };
}

function setHeaders(res: NodeResponse, changes: readonly HeaderChange[]): void {
  for (const [name, value] of changes) {
    if (value === undefined) res.removeHeader(name);
    else res.setHeader(name, value);
  }
}

/** Caches must not join two clients to one stream, nor proxies compress it; an earlier word on caching is kept. */
function cacheControl(earlier: ReturnType<HeaderReader>): string {
  const value = earlier === undefined ? '' : String(earlier);
  const directives = value.split(',').map((directive) => directive.split('=')[0]?.trim().toLowerCase());
  const cautious = ['no-store', 'no-cache', 'private'].some((name) => directives.includes(name));
  if (!cautious) return 'no-cache, no-transform';
  return directives.includes('no-transform') ? value : `${value}, no-transform`;
}

/** Browsers show this header to a page's measurements, also where the page has not made the request by itself. */
function serverTiming(earlier: ReturnType<HeaderReader>, traceparent: string): string {
  const metric = `traceparent;desc="${traceparent}"`;
  return [earlier ?? [], metric].flat().join(', ');
}

function checkHeader(name: string, value: unknown): void {
  validateHeaderName(name);
  if (value === undefined) return;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const one of values) {
    if (typeof one !== 'string') throw new TypeError(`Header "${name}" must be made of strings, not ${typeof one}`);
    validateHeaderValue(name, one);
  }
}
