/**
 * Sequencer: moves what was published within transactions from the outbox into the log, in the order in which it sees it committed.
 * Any process may do it at any time, and one at a time does: the lock lasts as long as one move, so nobody who dies or freezes keeps it.
 * Invariant: a slow transaction delays nobody's events but its own: whatever is committed is moved, and what comes later with a
 * lower id is moved later.
 */
import { hasCode, newEpoch, type Position } from '@headwater/core';
import { asError } from '@headwater/core/store-kit';
import type { ChannelBounds } from './bounds.js';
import { codeOf, isAnswer } from './failure.js';
import type { Server } from './server.js';
import type { Standing } from './standing.js';
import type { Statement } from './statement.js';

const MOST = 512;
const MOST_BYTES = 2 ** 20;

/** Who finds another process at it looks again after so long, unless there is nothing: the other one goes on until there is nothing. */
const YIELD_MS = 250;

/** The sequencer's place is not part of the log. */
const FENCED = 'HW001';

/** $1 log. Rows of transactions that are still open are not visible, and not waited for. */
const NEXT = `
select id, channel from (
  select id, channel, row_number() over (order by id) as n, sum(octet_length(body)) over (order by id) - octet_length(body) as before
  from (select id, channel, body from {schema}.outbox where log = $1 order by id limit ${MOST}) o
) o where n = 1 or before < ${MOST_BYTES} order by id`;

/** What `NEXT` tells of each row. */
type Waiting = readonly [id: number, channel: string];

/** `moved` is null where another process is at it. */
type Moved = readonly [moved: number | null, server: string, head: number, epoch: string];

export class Sequencer {
  readonly #server: Server;
  readonly #bounds: ChannelBounds;
  readonly #standing: Standing;
  readonly #keyTtlMs: number;
  readonly #warn: (message: string) => void;
  readonly #next: Statement;
  readonly #moving: Statement;
  #restsUntil = 0;
  #isBusy = false;
  #isAsked = false;
  #isClosed = false;

  constructor(
    server: Server,
    bounds: ChannelBounds,
    standing: Standing,
    keyTtlMs: number,
    warn: (message: string) => void,
  ) {
    this.#server = server;
    this.#bounds = bounds;
    this.#standing = standing;
    this.#keyTtlMs = keyTtlMs;
    this.#warn = warn;
    this.#next = server.plan(NEXT);
    this.#moving = server.prepare(
      'select moved, server, head, epoch from {schema}.move($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
    );
  }

  /** The outbox may have something. True where it had. Never rejects: it is asked again. */
  async run(): Promise<boolean> {
    this.#isAsked = true;
    if (this.#isBusy) return false;
    this.#isBusy = true;
    let hasMoved = false;
    try {
      while (this.#isAsked && !this.#isClosed) {
        this.#isAsked = false;
        while (!this.#isClosed && (await this.#step())) hasMoved = true;
      }
    } catch (error) {
      if (isAnswer(error) || hasCode(error, 'ERR_SSE_CALLBACK')) {
        this.#warn(`What was published within transactions cannot be moved into the log: ${asError(error).message}`);
      }
    } finally {
      this.#isBusy = false;
    }
    return hasMoved;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** True where there may be more. */
  async #step(): Promise<boolean> {
    const { at } = this.#standing;
    if (!at || performance.now() < this.#restsUntil) return false;
    const rows = (await this.#server.run(this.#next)) as unknown as Waiting[];
    if (rows.length === 0) return false;
    const answer = await this.#move(rows, at);
    // Another epoch may have been begun meanwhile.
    if (!answer) return true;
    const [moved, server, head, epoch] = answer;
    if (moved === null) {
      this.#restsUntil = performance.now() + YIELD_MS;
      return false;
    }
    if (moved > 0) {
      this.#standing.server = server;
      this.#standing.reach({ epoch, seq: head });
    }
    return true;
  }

  /** Undefined where `at` is not part of the log. */
  async #move(rows: readonly Waiting[], at: Position): Promise<Moved | undefined> {
    try {
      const [row] = await this.#server.run(
        this.#moving,
        this.#server.now,
        this.#standing.server,
        newEpoch(),
        this.#keyTtlMs,
        at.epoch,
        at.seq,
        rows.map(([id]) => id),
        ...this.#bounds.columns([...new Set(rows.map(([, channel]) => channel))]),
      );
      return row as unknown as Moved;
    } catch (error) {
      if (codeOf(error) !== FENCED) throw error;
      // Until an epoch is begun here, this process must not write: others may have seen what it would overwrite.
      this.#standing.lose(at);
      return undefined;
    }
  }
}
