/**
 * Sync: the same log as JSON answers, for clients behind a proxy that holds streams back. Each answer is applied whole: its reset,
 * its snapshots, its events, and then its place.
 */
import { discard, statusError } from '../answer.js';
import { createAlarm } from '../clock.js';
import { ClientError } from '../errors.js';
import type { Arrived, Fallback, FallbackHost } from '../features.js';
import { checkNumber } from '../options.js';

/** Options of `syncFrom`. */
export interface SyncOptions {
  /** Answers `GET <url>?channels=a,b&after=<id>`. Relative to the stream's. */
  readonly url: string | URL;
  /** Default: those in the query of this URL or of the stream's, else those that the stream has announced. */
  readonly channels?: readonly string[];
  /** Time between two requests when nothing is waiting, in milliseconds; half to one and a half of it. Default 5000. */
  readonly everyMs?: number;
  /** Time after which the stream is tried again, in milliseconds. Default 60000. */
  readonly streamAfterMs?: number;
}

/** One answer of the sync endpoint. */
interface Answer {
  readonly next: string;
  readonly more: boolean;
  readonly events: readonly { id: string; channel: string; event: string; data: string }[];
  readonly reset?: { readonly channels: readonly string[] };
  readonly snapshots?: readonly { readonly channel: string; readonly data: unknown }[];
}

/**
 * Asks the JSON endpoint while the stream does not come through.
 * @throws RangeError for a wrong number.
 * @example
 * connect('/news', { sync: syncFrom({ url: '/sync?channels=news' }) });
 */
export function syncFrom(options: SyncOptions): Fallback {
  const { everyMs = 5_000, streamAfterMs = 60_000 } = options;
  for (const [name, ms] of Object.entries({ everyMs, streamAfterMs })) checkNumber(name, ms);
  return async (host, signal) => {
    const { clock, line, position } = host;
    const until = clock.elapsed() + streamAfterMs;
    while (clock.elapsed() < until) {
      const answer = await ask(urlOf(options, host), host, signal);
      if (signal.aborted) return;
      line.liveAt = clock.elapsed();
      line.intake.begin(true);
      framesOf(answer).forEach(line.intake.take);
      position.move(answer.next);
      host.state(answer.more ? 'catching-up' : 'live');
      await host.room();
      if (!answer.more) await host.pause(everyMs * (0.5 + host.random()));
      if (signal.aborted) return;
    }
  };
}

/** One request, which must be answered in time. */
async function ask(url: URL, host: FallbackHost, signal: AbortSignal): Promise<Answer> {
  const abort = new AbortController();
  const giveUp = () => abort.abort(signal.reason);
  const alarm = createAlarm(host.clock);
  const error = new ClientError('ERR_CLIENT_NO_ANSWER', `The sync endpoint has not answered for ${host.answerMs} ms`);
  alarm.set(host.answerMs, () => abort.abort(error));
  signal.addEventListener('abort', giveUp);
  try {
    return await read(await host.request(url, { signal: abort.signal }), host.clock.now());
  } finally {
    alarm.clear();
    signal.removeEventListener('abort', giveUp);
  }
}

function urlOf(options: SyncOptions, host: FallbackHost): URL {
  const url = new URL(options.url, host.url);
  const named = [url, host.url].flatMap(({ searchParams }) => [
    ...searchParams.getAll('channel'),
    ...searchParams.getAll('channels'),
  ]);
  const channels = options.channels ?? (named.length > 0 ? named : host.position.channels);
  url.searchParams.delete('channel');
  url.searchParams.set('channels', [...new Set(channels.flatMap((name) => name.split(',')))].join());
  if (host.position.id !== '') url.searchParams.set('after', host.position.id);
  return url;
}

async function read(response: Response, now: number): Promise<Answer> {
  if (response.status !== 200) {
    discard(response);
    throw statusError(response, now);
  }
  const answer = (await response.json().catch(() => undefined)) as Answer | undefined;
  if (answer && typeof answer.next === 'string' && Array.isArray(answer.events)) return answer;
  throw new ClientError('ERR_CLIENT_SYNC', 'The sync endpoint answered something else');
}

/** The answer as the frames that a stream would have brought. Within a repair only its end is a place to resume from. */
function framesOf({ reset, snapshots = [], events, next }: Answer): Arrived[] {
  const frames: Arrived[] = events.map(({ id, channel, event, data }) => ({
    type: event,
    text: data,
    id: reset ? undefined : id,
    link: undefined,
    channel,
  }));
  if (!reset) return frames;
  const states = snapshots.map((snapshot) => control('sse.snapshot', snapshot));
  return [control('sse.reset', reset), ...states, ...frames, control('sse.live', { channels: reset.channels }, next)];
}

function control(type: string, data: unknown, id?: string): Arrived {
  return { type, text: JSON.stringify(data), id, link: undefined };
}
