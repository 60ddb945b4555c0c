/**
 * Reset: what a client gets when history that it needs is gone. Never a silent hole: a reset is announced, repaired from a start
 * that is fixed per channel, and completed by the first frame that carries an id again.
 */
import { SseError } from './errors.js';
import type { HubCore } from './hub-core.js';
import type { Snapshot } from './snapshots.js';
import type { Store } from './store.js';
import type { Subscription } from './subscription.js';

/**
 * Why history is gone: the id's epoch was never known here (`epoch`), the store lost the id's place (`rollback`), retention has
 * dropped entries after it (`trimmed`), it is no id of ours (`malformed`), the channel came after the stream began (`late`), or
 * the connection skipped what it was too slow for (`lag`).
 */
export type ResetReason = 'epoch' | 'rollback' | 'trimmed' | 'malformed' | 'late' | 'lag';

/** How a reset is repaired: state and what follows it, everything that is retained, from now on, or not at all. */
export type Policy = 'snapshot' | 'earliest' | 'live' | 'reject';

/** What happens to a connection that is too slow for the live set. */
export type LagPolicy = 'replay' | 'skip' | 'disconnect';

/** After these nothing that the client holds counts; otherwise its cursor is still good for the other channels. */
export function losesCursor(reason: ResetReason): boolean {
  return reason === 'epoch' || reason === 'rollback' || reason === 'malformed';
}

/** Where one channel starts again. */
export interface Start {
  readonly channel: string;
  readonly policy: Policy;
  readonly seq: number;
  readonly snapshot: Snapshot | undefined;
}

/** A repair under way: frames up to `x` go out without ids (unless `keepIds`), then the completing frame carries the id of `x`. */
export interface Repair {
  readonly channels: Set<string>;
  /** The cursor from before counts for nothing: this holds until the repair is complete, whatever interrupts it. */
  readonly isLost: boolean;
  /** Infinity while the starts are being found. */
  readonly x: number;
  readonly keepIds: boolean;
  readonly completing: Start | undefined;
}

/**
 * Fixes the start of every channel, at places that this process has seen. Without a policy of its own a subscription gets a
 * snapshot where there is one, else everything that is retained. `floorOf`: what is known to be trimmed. Rejects with `ERR_SSE_RESET_REJECTED` where one asks for that.
 */
export async function findStarts(
  hub: Pick<HubCore, 'options' | 'snapshots' | 'flusher' | 'log'>,
  channels: readonly Pick<Subscription, 'channel' | 'onReset'>[],
  reason: ResetReason,
  control: boolean,
  floorOf: (channel: string) => number = () => 0,
): Promise<Start[]> {
  if (channels.some(({ onReset }) => onReset === 'reject')) throw rejected(reason);
  const starts = await Promise.all(channels.map((wanted) => findStart(hub, wanted, reason, control, floorOf)));
  const earliest = starts.filter(({ policy }) => policy === 'earliest').map(({ channel }) => channel);
  const floors = await reachedFloors(hub, earliest, floorOf);
  // The present is read last, in the turn that uses it.
  const now = hub.flusher.to;
  return starts.map((start) => ({ ...start, seq: start.snapshot?.seq ?? floors.get(start.channel) ?? now }));
}

async function findStart(
  hub: Pick<HubCore, 'snapshots'>,
  { channel, onReset }: Pick<Subscription, 'channel' | 'onReset'>,
  reason: ResetReason,
  control: boolean,
  floorOf: (channel: string) => number,
): Promise<Omit<Start, 'seq'>> {
  // A snapshot is a control event; who takes none gets history or the present instead.
  const isWanted = control && (onReset ?? 'snapshot') === 'snapshot';
  const snapshot = isWanted ? await hub.snapshots.of(channel, floorOf(channel)) : undefined;
  if (snapshot) return { channel, policy: 'snapshot', snapshot };
  // Who was too slow for everything is not helped by everything.
  return { channel, policy: onReset === 'live' || reason === 'lag' ? 'live' : 'earliest', snapshot };
}

/** The lowest places from which the channels are complete, once this process has reached them: a floor can be ahead of its tail. */
async function reachedFloors(
  hub: Pick<HubCore, 'options' | 'log'>,
  channels: readonly string[],
  floorOf: (channel: string) => number,
): Promise<Map<string, number>> {
  if (channels.length === 0) return new Map();
  for (let known = floorOf; ; known = () => 0) {
    const floors = await floorsOf(hub.options.store, channels);
    // A store that has gone back says less than is known; before that is noticed nobody must be sent in a circle.
    for (const [channel, floor] of floors) floors.set(channel, Math.max(floor, known(channel)));
    const highest = Math.max(...floors.values());
    if (highest <= hub.log.head) return floors;
    // The store may go back while we wait, and its floors with it: they are read again.
    await hub.log.reached(highest);
  }
}

/** The lowest place from which each channel is complete. */
export async function floorsOf(store: Store, channels: readonly string[]): Promise<Map<string, number>> {
  const page = await store.read(0, channels, 0);
  return new Map(channels.map((channel) => [channel, page.floors.get(channel) ?? page.forgotten]));
}

/** Puts the starts together: `own` is the connection's cursor where it still counts, and where its other channels begin. */
export function planRepair(starts: readonly Start[], own: number, isLost: boolean): Repair {
  const x = Math.max(own, ...starts.map((start) => start.seq));
  const atX = starts.filter((start) => start.snapshot && start.seq === x);
  return {
    channels: new Set(starts.map((start) => start.channel)),
    isLost,
    x,
    // History alone, in log order: each of its ids is a place from which the client can go on.
    keepIds: starts.every((start) => start.policy === 'earliest'),
    completing: atX.at(-1),
  };
}

/** The frame that carries a snapshot; with an id it completes the repair. */
export function snapshotFrame({ channel, snapshot }: Start, id?: string): string {
  const tail = id === undefined ? '\n' : `id: ${id}\n\n`;
  return `event: sse.snapshot\ndata: {"channel":${JSON.stringify(channel)},"data":${snapshot?.json}}\n${tail}`;
}

function rejected(reason: ResetReason): SseError {
  return new SseError('ERR_SSE_RESET_REJECTED', `Cannot resume: the history is gone (${reason})`, { statusCode: 400 });
}
