/**
 * Judge: the oracle of every row. Exactly once, in order: a client has received what was acknowledged in its channels, no less, not
 * twice, in the order of the log, whole. What nobody acknowledged may have arrived, once.
 */
import type { Diary } from './diary.js';
import { type Ledger, type Sent, seqOf } from './ledger.js';

/** What a client was to receive. */
export interface Due {
  readonly channels: Iterable<string>;
  /** The place after which it began. Default 0: the beginning. */
  readonly after?: number;
  /** The place up to which it must have everything. Default: the ledger's newest. */
  readonly upTo?: number;
}

/** Everything that is wrong with `diary`, in words; none if it is exactly once and in order. */
export function faultsOf(ledger: Ledger, diary: Diary, due: Due): string[] {
  const channels = new Set(due.channels);
  const { after = 0, upTo = Number.POSITIVE_INFINITY } = due;
  const faults = diary.torn.map((id) => `torn: ${id}`);
  const seen = new Set<number>();
  let last = after;
  for (const { n, id } of diary.received) {
    const sent = ledger.sent(n);
    const fault = sent ? faultOf(sent, id, { channels, seen, last }) : `unknown: ${id}`;
    if (fault) faults.push(fault);
    seen.add(n);
    last = Math.max(last, seqOf(id));
  }
  for (const { n, id } of ledger.inOrder(channels)) {
    const seq = seqOf(id as string);
    if (seq > after && seq <= upTo && !seen.has(n)) faults.push(`lost: letter ${n} at ${id} (${seq})`);
  }
  return faults;
}

/** @throws Error that names the first faults. */
export function mustBeExact(ledger: Ledger, diary: Diary, due: Due, who: string): void {
  const faults = faultsOf(ledger, diary, due);
  if (faults.length === 0) return;
  throw new Error(
    `${who}: ${faults.length} faults in ${diary.received.length} events: ${faults.slice(0, 5).join('; ')}`,
  );
}

function faultOf(
  { n, channel, id: acknowledged }: Sent,
  id: string,
  { channels, seen, last }: { channels: ReadonlySet<string>; seen: ReadonlySet<number>; last: number },
): string | undefined {
  if (seen.has(n)) return `twice: letter ${n} at ${id}`;
  if (!channels.has(channel)) return `foreign: letter ${n} of channel ${channel}`;
  if (acknowledged !== undefined && acknowledged !== id) return `misplaced: letter ${n} at ${id}, not ${acknowledged}`;
  if (seqOf(id) <= last) return `out of order: letter ${n} at ${id} (${seqOf(id)}) after place ${last}`;
  return undefined;
}
