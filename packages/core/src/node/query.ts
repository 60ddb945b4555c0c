/**
 * The query of a request target, taken as text: no URL is made of it, so a malformed Host, `//`, an absolute target or a broken
 * `%` cannot throw. Pure.
 */
import type { Wishes } from '../sink.js';

const SECONDS = /^\d{1,9}(?:\.\d{1,3})?$/;

const NO_WISHES: Wishes = Object.freeze({});

/** Everything from the first `?` on, without a fragment; undefined without a query. */
export function readQuery(target: string | undefined): URLSearchParams | undefined {
  if (target === undefined) return undefined;
  const hash = target.indexOf('#');
  const path = hash === -1 ? target : target.slice(0, hash);
  const mark = path.indexOf('?');
  return mark === -1 || mark === path.length - 1 ? undefined : new URLSearchParams(path.slice(mark + 1));
}

/** What the client asks for: `heartbeat=30`, `heartbeat=event`, `heartbeat=30,event`, `prev=1`, `refusal=status`. */
export function readWishes(query: URLSearchParams | undefined): Wishes {
  if (query === undefined) return NO_WISHES;
  const heartbeat = query.get('heartbeat')?.slice(0, 64).split(',') ?? [];
  const seconds = heartbeat.find((part) => SECONDS.test(part));
  return {
    heartbeatSeconds: seconds === undefined ? undefined : Number(seconds),
    heartbeatEvent: heartbeat.includes('event') || undefined,
    prev: query.get('prev') === '1' || undefined,
    refusalByStatus: query.get('refusal') === 'status' || undefined,
  };
}
