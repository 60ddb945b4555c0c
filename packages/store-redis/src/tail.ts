/**
 * RedisTail: one listener's place in the log. It follows the feed over a connection of its own.
 * Invariant: the listener is told each entry once and in order, and never again after the tail has ended. What was read under
 * another epoch is told only after the own place was found valid once more, so a log that was put back is never followed unnoticed.
 */
import { type Entry, type Page, type Position, SseError, type Tail, type TailListener } from '@headwater/core';
import { fenced, tellEntries, tellLost, wrongPosition } from '@headwater/core/store-kit';
import type { Connector } from './client.js';
import { isPointer, type RawEntry, seqOf, toEntry } from './decode.js';
import { History } from './history.js';
import type { Log } from './log.js';
import type { Server } from './server.js';
import { Session } from './session.js';

/** How long the server holds back its answer while there is nothing new. */
const BLOCK_MS = 1_000;

/** A server that says nothing for so long is frozen, or cut off: together with the grace of a session less than two seconds. */
const SILENCE_MS = 1_500;

const PAGE = 1_000;
const PAGE_BYTES = 4 * 2 ** 20;

/** What a tail is made of. */
export interface TailParts {
  readonly connect: Connector;
  readonly timeoutMs: number;
  readonly server: Server;
  readonly logOver: (server: Server) => Log;
  readonly listener: TailListener;
  /** Called once, with why where it was not stopped. */
  readonly onEnd: (error: Error | undefined) => void;
}

export class RedisTail implements Tail {
  readonly #parts: TailParts;
  readonly #server: Server;
  readonly #log: Log;
  readonly #history: History;
  #session: Session | undefined;
  /** The newest entry that the listener was told of, and the epoch in force there. */
  #at: Position;
  #hasBegun = false;
  #isOver = false;

  constructor(parts: TailParts, from: Position) {
    this.#parts = parts;
    this.#at = from;
    this.#server = parts.server.over((args) => (this.#session as Session).send(args, SILENCE_MS));
    this.#log = parts.logOver(this.#server);
    this.#history = new History(this.#server, this.#log);
  }

  /** Resolves once nothing can be missed any more. @throws SseError `ERR_SSE_FENCED`, `ERR_SSE_POSITION` */
  async start(): Promise<void> {
    try {
      this.#session = await Session.open(this.#parts.connect, this.#parts.timeoutMs, (error) => this.#lose(error));
      if (this.#isOver) throw new Error('the tail was stopped');
      const { isValid, head, trimmed } = await this.#log.fence(this.#at);
      if (!isValid) throw fenced('tail', this.#at, head);
      if (trimmed > this.#at.seq) throw this.#trimmed(trimmed);
    } catch (error) {
      this.#session?.end(error as Error);
      this.stop();
      throw error;
    }
    this.#hasBegun = true;
    // In a turn of its own: nothing of the caller's is running when its listener is called.
    setImmediate(() => void this.#run());
  }

  stop(): void {
    this.#end(undefined);
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isOver) await this.#next();
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #next(): Promise<void> {
    const from = `${this.#at.seq}-0`;
    const args = ['XREAD', 'COUNT', String(PAGE), 'BLOCK', String(BLOCK_MS), 'STREAMS', this.#server.keys.feed, from];
    const answer = (await this.#server.send(args)) as readonly (readonly [Buffer, RawEntry[]])[] | null;
    const answered = answer?.[0]?.[1] ?? [];
    const raw = upToHole(answered, this.#at.seq);
    if (answered.length === 0) {
      // Nobody appends, or the log is not the one it was.
      if ((await this.#check()) > this.#at.seq) await this.#catchUp();
    } else if (raw.length > 0) {
      // What comes after a hole is asked for again, from there.
      const entries = await Promise.all(raw.map((one) => (isPointer(one) ? this.#pointedAt(one) : toEntry(one))));
      if (entries.some(({ epoch }) => epoch !== this.#at.epoch)) await this.#check();
      this.#deliver(entries);
    } else {
      await this.#check();
      await this.#catchUp();
    }
  }

  /** The head. @throws SseError `ERR_SSE_FENCED` where the own place is not part of the log any more. */
  async #check(): Promise<number> {
    const { isValid, head } = await this.#log.fence(this.#at);
    if (!isValid) throw fenced('go on with a tail', this.#at, head);
    return head;
  }

  /** The feed has gone on without this process: a page from the channels, if they still have everything. */
  async #catchUp(): Promise<void> {
    const page = await this.#history.read(this.#at.seq, undefined, PAGE, PAGE_BYTES);
    const trimmed = highestFloor(page);
    if (trimmed > this.#at.seq) throw this.#trimmed(trimmed);
    const { entries } = page;
    if (page.upTo > this.#at.seq && entries.length === 0) throw this.#trimmed(page.upTo);
    if (entries.some(({ epoch }) => epoch !== this.#at.epoch)) await this.#check();
    this.#deliver(entries);
  }

  async #pointedAt(pointer: RawEntry): Promise<Entry> {
    const [id, [header]] = pointer;
    const { channel, seq } = toEntry([id, [header.subarray(1), header]]);
    const found = (await this.#server.send([
      'XRANGE',
      this.#server.keys.stream(channel),
      id,
      id,
    ])) as readonly RawEntry[];
    if (!found[0]) throw this.#trimmed(seq);
    return toEntry(found[0]);
  }

  #deliver(entries: readonly Entry[]): void {
    if (this.#isOver || entries.length === 0) return;
    let { seq } = this.#at;
    for (const entry of entries) {
      if (entry.seq !== ++seq) throw new SseError('ERR_SSE_STORE', `The feed left out ${seq} to ${entry.seq - 1}`);
    }
    const last = entries.at(-1) as Entry;
    this.#at = { epoch: last.epoch, seq: last.seq };
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
    this.#session?.end(error ?? new Error('the tail was stopped'));
    this.#parts.onEnd(error);
    return true;
  }
}

/** The entries that follow on `seq` without leaving anything out. */
function upToHole(entries: readonly RawEntry[], seq: number): readonly RawEntry[] {
  const hole = entries.findIndex((entry, i) => seqOf(entry) !== seq + 1 + i);
  return hole === -1 ? entries : entries.slice(0, hole);
}

function highestFloor({ floors, forgotten }: Page): number {
  let highest = forgotten;
  for (const floor of floors.values()) if (floor > highest) highest = floor;
  return highest;
}
