/**
 * Sync: the same log as one JSON answer, for clients that poll or sit behind a proxy that breaks streams.
 * What is missing is said as plainly as on a stream: `reset`, and the state that repairs it.
 */
import { checkChannel } from './channel.js';
import { parseEventId } from './event-id.js';
import { decodeBody } from './frame.js';
import type { HubCore } from './hub-core.js';
import { unlabel } from './labels.js';
import { mayCross } from './regions.js';
import { findStarts, floorsOf, losesCursor, type ResetReason, type Start } from './reset.js';
import type { Entry } from './store.js';
import type { Filter } from './subscription.js';

/** What a sync asks for. */
export interface SyncQuery {
  readonly channels: readonly string[];
  /** The `next` of the last answer, or a Last-Event-ID. Undefined: from now on. Untrusted. */
  readonly after?: string | undefined;
  /** Most events per answer, 1 to 1000. Default 256. An answer that repairs a reset may hold more. */
  readonly limit?: number | undefined;
  readonly filter?: Filter | undefined;
  /** The client's region, see `Connection.region`. */
  readonly region?: string | undefined;
}

/** One event of a sync's answer. */
export interface SyncEvent {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  /** As on the wire. */
  readonly data: string;
  /** Milliseconds since 1970, by the publisher's clock. */
  readonly time: number;
}

/** A sync's answer. Apply `reset`, then `snapshots`, then `events`, and keep `next`: all of it or nothing. */
export interface SyncResult {
  readonly next: string;
  /** True where more is waiting: ask again at once. */
  readonly more: boolean;
  readonly events: readonly SyncEvent[];
  readonly reset?: { readonly channels: readonly string[]; readonly reason: ResetReason };
  readonly snapshots?: readonly { readonly channel: string; readonly data: unknown }[];
}

const MAX_LIMIT = 1_000;

/** Bytes of bodies of one read, so that an answer is bounded whatever its events hold. */
const MAX_BYTES = 4 * 1024 * 1024;

export async function sync(core: HubCore, query: SyncQuery): Promise<SyncResult> {
  const channels = query.channels.map(checkChannel);
  if (channels.length === 0) throw new TypeError('Cannot sync nothing: name at least one channel');
  for (const channel of channels) core.checkRegion(channel, query.region);
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.floor(query.limit ?? 256)));
  const { log } = core;
  for (;;) {
    await log.connected();
    const { generation } = log;
    if (query.after === undefined) return { next: log.idAt(log.head), more: false, events: [] };
    const position = parseEventId(query.after);
    const problem = position ? await log.locate(position) : 'malformed';
    const after = position && !problem ? position.seq : 0;
    const floors = problem ? undefined : await floorsOf(core.options.store, channels);
    const trimmed = channels.filter((channel) => (floors?.get(channel) ?? 0) > after);
    const reason = problem ?? (trimmed.length > 0 ? 'trimmed' : undefined);
    const broken = problem ? channels : trimmed;
    const asked = broken.map((channel) => ({ channel, onReset: undefined }));
    const starts = reason ? await findStarts(core, asked, reason, true) : [];
    const result = await collect(core, {
      channels,
      filter: query.filter,
      region: query.region,
      after,
      starts,
      limit,
      reason,
    });
    // The log moved under the answer: what was read may be of two logs.
    if (result && generation === log.generation) return result;
  }
}

interface Collecting {
  channels: readonly string[];
  filter: Filter | undefined;
  region: string | undefined;
  after: number;
  starts: readonly Start[];
  limit: number;
  reason: ResetReason | undefined;
}

/** Reads from the lowest start; at least up to the highest one, so that `next` leaves nothing unrepaired behind. */
async function collect(core: HubCore, want: Collecting): Promise<SyncResult | undefined> {
  const { log } = core;
  const startOf = new Map(want.channels.map((channel) => [channel, want.after]));
  for (const { channel, seq } of want.starts) startOf.set(channel, seq);
  const own = want.reason && losesCursor(want.reason) ? 0 : want.after;
  const x = Math.max(own, ...want.starts.map(({ seq }) => seq));
  const events: SyncEvent[] = [];
  let upTo = Math.min(...startOf.values());
  do {
    const page = await core.options.store.read(upTo, want.channels, want.limit, MAX_BYTES);
    for (const channel of want.channels) {
      if ((page.floors.get(channel) ?? page.forgotten) > Math.max(upTo, startOf.get(channel) ?? 0)) return undefined;
    }
    for (const entry of page.entries) {
      if (entry.seq > log.head) break;
      if (log.epochs.at(entry.seq) !== entry.epoch) {
        await log.check();
        return undefined;
      }
      if (entry.seq > (startOf.get(entry.channel) ?? 0)) push(core, events, entry, want);
    }
    const next = Math.min(page.upTo, log.head);
    if (next <= upTo && upTo < x) return undefined;
    upTo = Math.max(upTo, next);
  } while (upTo < x);
  const snapshots = want.starts.flatMap(({ channel, snapshot }) =>
    snapshot ? [{ channel, data: JSON.parse(snapshot.json) as unknown }] : [],
  );
  return {
    next: log.idAt(upTo),
    more: upTo < log.head,
    events,
    ...(want.reason ? { reset: { channels: want.starts.map(({ channel }) => channel), reason: want.reason } } : {}),
    ...(snapshots.length > 0 ? { snapshots } : {}),
  };
}

function push(core: HubCore, events: SyncEvent[], entry: Entry, { filter, region }: Collecting): void {
  if (!mayCross(unlabel(entry.body).region, region)) return;
  const event = { id: core.log.idAt(entry.seq), channel: entry.channel, ...decodeBody(entry.body) };
  try {
    if (filter && filter(event) !== true) return;
  } catch (error) {
    core.observers.error(error, 'filter');
    return;
  }
  events.push({ ...event, time: entry.time });
}
