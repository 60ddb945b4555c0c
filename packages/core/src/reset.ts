/**
 * Reset: what a client gets when history that it needs is gone. Never a silent hole: a reset is announced, repaired from a start
 * that is fixed per channel, and completed by the first frame that carries an id again.
 */
import type { Flusher } from './flush.js';
import type { Snapshot, Snapshots } from './snapshots.js';
import type { Store } from './store.js';

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
  /** Infinity while the starts are being found. */
  readonly x: number;
  readonly keepIds: boolean;
  readonly completing: Start | undefined;
}

/** What the plan is made from. */
export interface Sources {
  readonly store: Store;
  readonly snapshots: Snapshots;
  readonly flusher: Flusher;
}

/** Fixes the start of every channel. `asked` is the subscription's policy; undefined means snapshot where there is one, else earliest. */
export async function findStarts(
  sources: Sources,
  channels: readonly { channel: string; asked: Policy | undefined }[],
  reason: ResetReason,
  control: boolean,
): Promise<Start[]> {
  const starts = await Promise.all(
    channels.map(async ({ channel, asked }): Promise<Start> => {
      // A snapshot is a control event; who takes none gets history or the present instead.
      const snapshot = control && (asked ?? 'snapshot') === 'snapshot' ? await sources.snapshots.of(channel) : undefined;
      if (snapshot) return { channel, policy: 'snapshot', seq: snapshot.seq, snapshot };
      // Who was too slow for everything is not helped by everything.
      const policy = asked === 'live' || reason === 'lag' ? 'live' : 'earliest';
      return { channel, policy, seq: -1, snapshot };
    }),
  );
  const earliest = starts.filter((start) => start.policy === 'earliest').map((start) => start.channel);
  const floors = earliest.length > 0 ? await floorsOf(sources.store, earliest) : undefined;
  // The present is read last, in the turn that uses it.
  return starts.map((start) => {
    if (start.policy === 'earliest') return { ...start, seq: floors?.get(start.channel) ?? 0 };
    return start.policy === 'live' ? { ...start, seq: sources.flusher.to } : start;
  });
}

/** The lowest place from which each channel is complete. */
export async function floorsOf(store: Store, channels: readonly string[]): Promise<Map<string, number>> {
  const page = await store.read(0, channels, 0);
  return new Map(channels.map((channel) => [channel, page.floors.get(channel) ?? page.forgotten]));
}

/** Puts the starts together: `own` is the connection's cursor where it still counts, 0 otherwise. */
export function planRepair(starts: readonly Start[], own: number): Repair {
  const x = Math.max(own, ...starts.map((start) => start.seq));
  const atX = starts.filter((start) => start.snapshot && start.seq === x);
  return {
    channels: new Set(starts.map((start) => start.channel)),
    x,
    // History alone, in log order: each of its ids is a place from which the client can go on.
    keepIds: starts.every((start) => start.policy === 'earliest'),
    completing: atX.at(-1),
  };
}
