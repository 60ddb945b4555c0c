/**
 * Shelf: what a log keeps beside its entries: snapshots and clients' cursors, the last message of a subject each, in a stream of
 * their own.
 * Invariant: what is kept is replaced only by what was decided over it: the server refuses where another one came in between.
 */
import type { Position, StoredCursor, StoredSnapshot } from '@headwater/core';
import { wrongPosition } from '@headwater/core/store-kit';
import { JetStreamApiCodes } from '@nats-io/jetstream';
import { isRefusal } from './messages.js';
import type { Names } from './names.js';
import type { NatsConfig } from './options.js';
import type { ServerTime } from './server-time.js';
import type { Session } from './session.js';
import { openKept } from './streams.js';

interface Kept {
  readonly at: Position;
  readonly time: number;
  /** Of a snapshot. */
  readonly data?: string;
}

export class Shelf {
  readonly #config: NatsConfig;
  readonly #names: Names;
  readonly #time: ServerTime;
  /** The session in which the stream was found or made. */
  #opened: { readonly session: Session; readonly done: Promise<unknown> } | undefined;

  constructor(config: NatsConfig, names: Names, time: ServerTime) {
    this.#config = config;
    this.#names = names;
    this.#time = time;
  }

  async saveSnapshot(session: Session, channel: string, { at, data, time }: StoredSnapshot): Promise<void> {
    const action = `save a snapshot of channel "${channel}"`;
    await this.#replace(session, this.#names.snapshot(channel), (kept) => {
      const { journal } = session;
      if (!journal.isValid(at)) throw wrongPosition(action, at);
      const floor = journal.channels.floorOf(channel);
      if (floor > at.seq) throw wrongPosition(action, at, `is below the channel's floor ${floor}`);
      const isLater = kept && this.#isFresh(kept, this.#config.snapshotTtlMs) && journal.isValid(kept.at);
      return isLater && kept.at.seq > at.seq ? undefined : { at, data, time };
    });
  }

  async loadSnapshot(session: Session, channel: string): Promise<StoredSnapshot | undefined> {
    const kept = (await this.#load(session, this.#names.snapshot(channel)))?.kept;
    if (kept?.data === undefined || !this.#isFresh(kept, this.#config.snapshotTtlMs)) return undefined;
    const { journal } = session;
    if (!journal.isValid(kept.at) || journal.channels.floorOf(channel) > kept.at.seq) return undefined;
    return { at: kept.at, data: kept.data, time: kept.time };
  }

  async saveCursor(session: Session, key: string, { at, time }: StoredCursor): Promise<void> {
    await this.#replace(session, this.#names.cursor(key), (kept) => {
      const { journal } = session;
      if (!journal.isValid(at)) throw wrongPosition('save a cursor', at);
      if (!kept || !this.#isFresh(kept, this.#config.cursorTtlMs) || !journal.isValid(kept.at)) return { at, time };
      const isBehind = kept.at.seq > at.seq;
      if (isBehind && kept.time >= time) return undefined;
      return { at: isBehind ? kept.at : at, time: Math.max(time, kept.time) };
    });
  }

  async loadCursor(session: Session, key: string): Promise<StoredCursor | undefined> {
    const kept = (await this.#load(session, this.#names.cursor(key)))?.kept;
    if (!kept || !this.#isFresh(kept, this.#config.cursorTtlMs)) return undefined;
    return { at: kept.at, time: kept.time };
  }

  #isFresh({ time }: Kept, ttlMs: number): boolean {
    return this.#time.now() - time < ttlMs;
  }

  /** Keeps what `decide` makes of what is kept, if anything. */
  async #replace(
    session: Session,
    subject: string,
    decide: (kept: Kept | undefined) => Kept | undefined,
  ): Promise<void> {
    await this.#open(session);
    for (const deadline = performance.now() + this.#config.timeoutMs; ; ) {
      const last = await this.#load(session, subject);
      const next = decide(last?.kept);
      if (!next) return;
      try {
        await session.call(() =>
          session.js.publish(subject, JSON.stringify(next), {
            expect: { lastSubjectSequence: last?.position ?? 0 },
            timeout: this.#config.timeoutMs,
          }),
        );
        return;
      } catch (error) {
        const isOvertaken = isRefusal(error, JetStreamApiCodes.StreamWrongLastSequence);
        if (!isOvertaken || performance.now() > deadline) throw error;
      }
    }
  }

  async #load(session: Session, subject: string): Promise<{ kept: Kept; position: number } | undefined> {
    try {
      const query = { last_by_subj: subject };
      const msg = await session.call(() => session.jsm.streams.getMessage(this.#names.kept, query));
      return msg ? { kept: JSON.parse(Buffer.from(msg.data).toString()) as Kept, position: msg.seq } : undefined;
    } catch (error) {
      const isMissing =
        isRefusal(error, JetStreamApiCodes.NoMessageFound) || isRefusal(error, JetStreamApiCodes.StreamNotFound);
      if (isMissing) return undefined;
      throw error;
    }
  }

  async #open(session: Session): Promise<void> {
    if (this.#opened?.session !== session) {
      const done = session.call(() => openKept(session.jsm, this.#config, this.#names));
      this.#opened = { session, done };
      done.catch(() => {
        if (this.#opened?.done === done) this.#opened = undefined;
      });
    }
    await this.#opened.done;
  }
}
