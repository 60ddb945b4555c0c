/**
 * Sweeper: retention by age where nothing is appended, and the purge of what is trimmed, a few times a minute.
 * Invariant: a message is purged only after a table that is in the stream behind it has what must outlive it: the epochs, and
 * where each channel ended that has nothing else left. Who sweeps does not matter: two that do so at once do it twice.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@headwater/core';
import { Recurring } from '@headwater/core/store-kit';
import type { Journal } from './journal.js';
import type { Link } from './link.js';
import type { Names } from './names.js';
import type { TablePart } from './record.js';
import type { ServerTime } from './server-time.js';
import type { Session } from './session.js';
import type { Writer } from './writer.js';

const EVERY_MS = 10_000;

/** A table is written for each purge: there has to be something in it for that. */
const FEW = 1_000;
const SHARE = 0.1;

/** Channels in one part, whose names are 200 bytes at most: half a message of the smallest usual size. */
const PART_CHANNELS = 1_000;

export class Sweeper {
  readonly #link: Link;
  readonly #writer: Writer;
  readonly #names: Names;
  readonly #time: ServerTime;
  readonly #recurring: Recurring;
  readonly #forgetAfterMs: number;

  constructor(link: Link, writer: Writer, names: Names, time: ServerTime, clock: Clock, forgetAfterMs: number) {
    this.#link = link;
    this.#writer = writer;
    this.#names = names;
    this.#time = time;
    // Not all processes at once.
    this.#recurring = new Recurring(
      clock,
      () => EVERY_MS * (0.75 + Math.random() / 2),
      () => this.#turn(),
    );
    this.#forgetAfterMs = forgetAfterMs;
  }

  /** From now on, until it is closed. */
  start(): void {
    this.#recurring.start();
  }

  /** Trims, forgets and purges now, however little there is. */
  async sweep(): Promise<void> {
    const session = await this.#link.session();
    await session.sync();
    this.#forget(session.journal);
    await this.#purge(session, 1);
  }

  close(): void {
    this.#recurring.close();
  }

  async #turn(): Promise<void> {
    const session = await this.#link.session();
    this.#forget(session.journal);
    await this.#purge(session, Math.max(FEW, session.journal.records.size * SHARE));
  }

  #forget(journal: Journal): void {
    const now = this.#time.now();
    journal.trim(now);
    journal.channels.forget(now - this.#forgetAfterMs);
  }

  async #purge(session: Session, least: number): Promise<void> {
    const { journal } = session;
    const purgeable = journal.purgeable(this.#time.now());
    if (!purgeable || purgeable.count < least) return;
    await this.#writer.writeTable(session, tableOf(journal, purgeable.covers));
    const keepFrom = purgeable.position + 1;
    await session.call(() => session.jsm.streams.purge(this.#names.log, { seq: keepFrom }));
    journal.noteFirst(keepFrom);
  }
}

/** What must be known without the messages that hold the seqs up to `covers`. */
function tableOf(journal: Journal, covers: number): Omit<TablePart, 'epochs'>[] {
  const channels: TablePart['channels'][number][] = [];
  for (const { name, last, touched, floor, seqs } of journal.channels.values()) {
    // One that has an entry behind these is known by that.
    if (seqs.size === 0 && (last ?? floor) <= covers) channels.push([name, last ?? null, touched, floor]);
  }
  const id = randomBytes(6).toString('base64url');
  const parts = Math.max(1, Math.ceil(channels.length / PART_CHANNELS));
  return Array.from({ length: parts }, (_, i) => ({
    id,
    part: i + 1,
    parts,
    covers,
    forgotten: journal.channels.forgotten,
    channels: channels.slice(i * PART_CHANNELS, (i + 1) * PART_CHANNELS),
  }));
}
