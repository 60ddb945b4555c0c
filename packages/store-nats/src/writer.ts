/**
 * Writer: everything that this process adds to the stream, one record at a time.
 * Invariant: a record is stored right behind the one that its journal ends with, or not at all. Where another process was
 * faster the journal follows, and the record is made anew: of several processes one always goes on.
 */
import { randomBytes } from 'node:crypto';
import { type LogState, newEpoch } from '@headwater/core';
import { type AppendCall, failed, type Outcome } from '@headwater/core/store-kit';
import { draftOf } from './draft.js';
import type { Journal } from './journal.js';
import type { Link } from './link.js';
import { WentBack } from './messages.js';
import type { LogRecord, TablePart } from './record.js';
import type { ServerTime } from './server-time.js';
import type { Session } from './session.js';

const NOTHING = new Uint8Array(0);

export class Writer {
  readonly #link: Link;
  readonly #time: ServerTime;
  readonly #timeoutMs: number;
  /** Where the last epoch was begun. */
  #begun: Session | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(link: Link, time: ServerTime, timeoutMs: number) {
    this.#link = link;
    this.#time = time;
    this.#timeoutMs = timeoutMs;
  }

  /** See `GroupCommit`. */
  commit(calls: readonly AppendCall[]): Promise<readonly Outcome[]> {
    return this.#inTurn(async () => {
      const outcomes: Outcome[] = [];
      while (outcomes.length < calls.length) {
        try {
          outcomes.push(...(await this.#append(calls.slice(outcomes.length))));
        } catch (error) {
          // What was stored before is stored.
          if (outcomes.length === 0) throw error;
          while (outcomes.length < calls.length) outcomes.push(failed('append', error));
        }
      }
      return outcomes;
    });
  }

  /** The state right after the epoch has begun. */
  startEpoch(epoch: string): Promise<LogState> {
    return this.#inTurn(() =>
      this.#again(async (session) => {
        const { journal } = session;
        const { head, epochs } = journal.state;
        const state: LogState = { head, epochs: [...epochs, { epoch, start: journal.nextStart() }] };
        return (await this.#begin(session, epoch)) ? state : undefined;
      }),
    );
  }

  /** Writes the parts of a table of the session's journal, right behind each other or with others' records in between. */
  writeTable(session: Session, parts: readonly Omit<TablePart, 'epochs'>[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const part of parts) {
        // An epoch that began a moment ago belongs into the table too.
        const record = (): LogRecord => ({
          ...this.#recordAfter(session.journal),
          table: { ...part, epochs: session.journal.epochs.toArray() },
        });
        while (!(await session.write(record(), NOTHING)));
      }
    });
  }

  #append(calls: readonly AppendCall[]): Promise<readonly Outcome[]> {
    let synced: Session | undefined;
    return this.#again(async (session) => {
      const { journal } = session;
      const draft = draftOf(journal, calls, this.#time.now(), session.maxPayload);
      if (!draft.isProven && synced !== session) {
        await session.sync();
        synced = session;
        return undefined;
      }
      synced = undefined;
      const { entries, outcomes } = draft;
      if (entries.length === 0) return outcomes;
      if (this.#begun && this.#begun !== session) {
        // Its stream may be an older copy. Who has seen no more than that has would give ids a second time without an epoch.
        await this.#begin(session, newEpoch());
        return undefined;
      }
      const isStored = await session.write({ ...this.#recordAfter(journal), entries }, draft.payload);
      return isStored ? outcomes : undefined;
    });
  }

  /** False where another process was faster. */
  async #begin(session: Session, epoch: string): Promise<boolean> {
    const hasBegun = await session.write({ ...this.#recordAfter(session.journal), begins: epoch }, NOTHING);
    if (hasBegun) this.#begun = session;
    return hasBegun;
  }

  /** Runs it until it gives something. */
  async #again<Result>(run: (session: Session) => Promise<Result | undefined>): Promise<Result> {
    const deadline = performance.now() + this.#timeoutMs;
    for (let losses = 0; ; ) {
      const session = await this.#link.session();
      try {
        const result = await run(session);
        if (result !== undefined) return result;
      } catch (error) {
        // Nothing was written, and the next session knows better.
        if (!(error instanceof WentBack) || ++losses > 1) throw error;
      }
      if (performance.now() > deadline) {
        throw new Error(`other processes were faster for ${this.#timeoutMs} ms`);
      }
    }
  }

  #recordAfter({ lastId, head, epoch }: Journal): LogRecord {
    return {
      id: randomBytes(6).toString('base64url'),
      parent: lastId,
      base: head,
      written: this.#time.now(),
      epoch,
      entries: [],
    };
  }

  /** One after the other: against each other they would only lose time. */
  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
