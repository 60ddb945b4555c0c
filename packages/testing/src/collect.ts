/** collect(): finds out what kind of source it was given, and waits for the head. All that follows is the collector's. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
// Imported, not global: a test runner's fake timers would hold the deadline still as well.
import { clearTimeout, setTimeout } from 'node:timers';
import { type Collector, ResponseCollector } from './collector.js';
import { type InjectResponse, openInjected, openReadable } from './sources/readable.js';
import { openResponse } from './sources/response.js';
import type { Open } from './sources/source.js';
import { openSupertest, type SupertestTest } from './sources/supertest.js';
import { type CollectRequest, openUrl } from './sources/url.js';
import { checkTimeout } from './waits.js';

/**
 * How patient a collector is.
 * @example
 * const stream = await collect(response, { timeoutMs: 1_000 });
 */
export interface CollectOptions {
  /** Milliseconds for the head, and then for each wait. Default: 5000. */
  readonly timeoutMs?: number;
}

/** A response that is there, or about to be. */
type Answered = Response | InjectResponse | IncomingMessage | Readable;

/**
 * What `collect` reads from: a fetch `Response`, what `app.inject()` resolves to, an `IncomingMessage`, any `Readable`, a promise
 * of one of these, or a supertest `Test` that nobody has awaited.
 * @example
 * const source: CollectSource = request(app).get('/news');
 */
export type CollectSource = Answered | PromiseLike<Answered> | SupertestTest;

/**
 * Collects the events of one response. Resolves when its head is there; a bad status or content type is no error but visible.
 * Rejects if there is no head within `timeoutMs`.
 * @param source A URL is asked through node:http, without redirects and content codings: give `fetch(url)` where you need them.
 * @throws TypeError for something that cannot be collected, or that was read already.
 * @example
 * const stream = await collect('http://127.0.0.1:3000/news', { lastEventId: '7' });
 * const [first, second] = await stream.take(2);
 * await stream.close();
 * @example
 * const stream = await collect(request(app).get('/news')); // Express and supertest
 * @example
 * const stream = await collect(app.inject({ url: '/news', payloadAsStream: true })); // Fastify
 */
export function collect(source: string | URL, options?: CollectOptions & CollectRequest): Promise<Collector>;
export function collect(source: CollectSource, options?: CollectOptions): Promise<Collector>;
export async function collect(
  source: string | URL | CollectSource,
  options: CollectOptions & CollectRequest = {},
): Promise<Collector> {
  const timeoutMs = checkTimeout(options.timeoutMs ?? 5_000);
  const abort = new AbortController();
  let collector: ResponseCollector | undefined;
  const opening = opener(source, options)((head) => {
    collector = new ResponseCollector(head, timeoutMs);
    // Nobody has waited for it any more.
    if (abort.signal.aborted) void collector.close().catch(() => undefined);
    return collector;
  }, abort.signal);
  await withDeadline(opening, timeoutMs, abort, nameOf(source));
  // A source that has opened has begun.
  return collector as ResponseCollector;
}

function opener(source: unknown, options: CollectRequest): Open {
  if (typeof source === 'string' || source instanceof URL) return openUrl(new URL(source), options);
  // By its shape: there are as many Response classes as copies of undici.
  if (has(source, 'arrayBuffer', 'clone')) return openResponse(source as unknown as Response);
  // Before promises: a Test is one as well, and to await it is to wait for the end of the stream.
  if (has(source, 'buffer', 'parse', 'end', 'abort')) return openSupertest(source as unknown as SupertestTest);
  if (has(source, 'then')) {
    return async (begin, signal) => opener(await (source as PromiseLike<unknown>), options)(begin, signal);
  }
  if (has(source, 'stream') && 'raw' in source) return openInjected(source as unknown as InjectResponse);
  if (has(source, 'on', 'read', 'destroy')) return openReadable(source as unknown as Readable);
  throw new TypeError(
    'Cannot collect this: give a URL, a Response, a Readable, an inject() response, or a supertest Test that was not awaited ' +
      '(for a response that is complete, parseEvents(response.text))',
  );
}

async function withDeadline(
  opening: Promise<void>,
  timeoutMs: number,
  abort: AbortController,
  name: string,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Waited ${timeoutMs} ms in vain for the head of ${name}: the server has sent no headers yet`));
      abort.abort();
    }, timeoutMs);
  });
  try {
    await Promise.race([opening, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function has<Name extends string>(value: unknown, ...names: Name[]): value is Record<Name, () => unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

function nameOf(source: unknown): string {
  if (typeof source === 'string' || source instanceof URL) return String(source);
  return has(source, 'abort') && 'url' in source ? String(source.url) : 'the response';
}
