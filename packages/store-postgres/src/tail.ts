/**
 * PostgresTail: one listener's place in the log.
 * Invariant: the listener is told each entry once and in order, and never again after the tail has ended. Seqs are dense, and an
 * entry is never visible before its predecessor, because both the entries and the head that they give are committed under the lock
 * of the log's row: so what follows a place is complete up to whatever one statement sees, and a gap can only be what was deleted.
 */
import type { Entry, Position, SseError, Tail, TailListener } from '@headwater/core';
import { asError, fenced, tellEntries, tellLost, wrongPosition } from '@headwater/core/store-kit';
import { ENTRY_COLUMNS, ENTRY_ORDER, toEntry } from './decode.js';
import { Pulse } from './pulse.js';
import type { Server } from './server.js';
import type { Session } from './session.js';
import type { Statement } from './statement.js';
import type { Watch, Watcher } from './watch.js';

const PAGE = 1_000;
const PAGE_BYTES = 4 * 2 ** 20;

/**
 * $1 log, $2 and $3 the own place, $4 and $5 the most entries and bytes. Also what was trimmed: it stays for a moment, so that a channel
 * that keeps only its last entry is followed without a gap. The place is judged in the same snapshot.
 */
const FOLLOW = `
with l as materialized (
  select id, head, trimmed from {schema}.logs where name = $1
), sized as materialized (
  select e.*, row_number() over w as n, sum(octet_length(e.body)) over w - octet_length(e.body) as before
  from (select * from {schema}.entries where log = (select id from l) and seq > $3::bigint order by seq limit $4) e
  window w as (order by e.seq)
)
select 'h', head, trimmed, null::float8, null, case when $3 <= head and {schema}.in_force(id, $3) = $2 then 'valid' end, null
from l
union all
select ${ENTRY_COLUMNS} from sized where n = 1 or before < $5
${ENTRY_ORDER}`;

/** What a tail is made of. */
export interface TailParts {
  readonly watch: Watch;
  readonly server: Server;
  readonly listener: TailListener;
  /** Called with every place that the tail has come to. */
  readonly onReach: (at: Position) => void;
  /** Called once, with why where it was not stopped. */
  readonly onEnd: (error: Error | undefined) => void;
}

export class PostgresTail implements Tail, Watcher {
  readonly #parts: TailParts;
  readonly #server: Server;
  readonly #follow: Statement;
  readonly #pulse = new Pulse(100);
  #session: Session | undefined;
  /** The newest entry that the listener was told of, and the epoch in force there. */
  #at: Position;
  #hasBegun = false;
  #isOver = false;

  constructor(parts: TailParts, from: Position) {
    this.#parts = parts;
    this.#at = from;
    this.#server = parts.server.over((statement, values) => (this.#session as Session).run(statement, values));
    this.#follow = parts.server.prepare(FOLLOW);
  }

  /** Resolves once nothing can be missed any more. @throws SseError `ERR_SSE_FENCED`, `ERR_SSE_POSITION` */
  async start(): Promise<void> {
    try {
      this.#session = await this.#parts.watch.join(this);
      if (this.#isOver) throw new Error('the tail was stopped');
      const { isValid, head, trimmed } = await this.#look(0);
      if (!isValid) throw fenced('tail', this.#at, head);
      if (trimmed > this.#at.seq) throw this.#trimmed(trimmed);
    } catch (error) {
      this.stop();
      throw error;
    }
    if (this.#isOver) return;
    this.#hasBegun = true;
    // In a turn of its own: nothing of the caller's is running when its listener is called.
    setImmediate(() => void this.#run());
  }

  stop(): void {
    this.#end(undefined);
  }

  hint(kind: string): void {
    if (kind === 'e') this.#pulse.hint();
  }

  lost(error: Error): void {
    this.#lose(error);
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isOver) {
        const hasMore = await this.#next();
        if (!hasMore && !this.#isOver) await this.#pulse.next();
      }
    } catch (error) {
      this.#lose(asError(error));
    }
  }

  /** True where there is more already. */
  async #next(): Promise<boolean> {
    const { isValid, head, entries } = await this.#look(PAGE);
    if (this.#isOver) return false;
    if (!isValid) throw fenced('go on with a tail', this.#at, head);
    if (head > this.#at.seq && entries[0]?.seq !== this.#at.seq + 1) throw this.#trimmed(entries[0]?.seq ?? head);
    if (entries.length === 0) return false;
    this.#pulse.quicken();
    this.#deliver(entries);
    return this.#at.seq < head;
  }

  async #look(limit: number): Promise<{ isValid: boolean; head: number; trimmed: number; entries: readonly Entry[] }> {
    const { epoch, seq } = this.#at;
    const [header, ...rows] = await this.#server.run(this.#follow, epoch, seq, limit, PAGE_BYTES);
    if (!header) return { isValid: false, head: 0, trimmed: 0, entries: [] };
    return {
      isValid: header[5] === 'valid',
      head: header[1] as number,
      trimmed: header[2] as number,
      entries: rows.map(toEntry),
    };
  }

  #deliver(entries: readonly Entry[]): void {
    let { seq } = this.#at;
    for (const entry of entries) if (entry.seq !== ++seq) throw this.#trimmed(seq);
    const last = entries.at(-1) as Entry;
    this.#at = { epoch: last.epoch, seq: last.seq };
    this.#parts.onReach(this.#at);
    tellEntries(this.#parts.listener, entries);
  }

  #trimmed(seq: number): SseError {
    return wrongPosition('tail', this.#at, `is below seq ${seq}, up to which entries were trimmed`);
  }

  #lose(error: Error): void {
    // Before it has begun the caller is told.
    if (this.#end(error) && this.#hasBegun) tellLost(this.#parts.listener, error);
  }

  /** False where it has ended before. */
  #end(error: Error | undefined): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#parts.watch.leave(this);
    this.#pulse.hint();
    this.#parts.onEnd(error);
    return true;
  }
}
