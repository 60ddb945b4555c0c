/**
 * Session: one stretch of being connected, with a journal that follows the stream.
 * Invariant: the journal is that of the stream on the server: when a session begins it is either proven to be (the stream still
 * has the journal's last record at its place) or read anew, and where the stream turns out to be another one the session ends.
 * Nothing is sent again, and everything under way is rejected when the session ends.
 */
import type { Entry } from '@headwater/core';
import { asError } from '@headwater/core/store-kit';
import {
  JetStreamApiCodes,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { Bodies } from './bodies.js';
import { Calls } from './calls.js';
import { type Connected, connectTo } from './connection.js';
import { Follower } from './follower.js';
import { Journal } from './journal.js';
import { entriesAt, idAt, infoOf, isRefusal, lastOf, recordOf, WentBack } from './messages.js';
import { Mirror, type Replica } from './mirror.js';
import type { Names } from './names.js';
import type { NatsConfig } from './options.js';
import { encodeRecord, HEADER, type LogRecord } from './record.js';
import { managerOf } from './server.js';
import type { ServerTime } from './server-time.js';
import { openLog } from './streams.js';

/** What all sessions of a store have in common. */
export interface SessionParts {
  readonly config: NatsConfig;
  readonly names: Names;
  readonly time: ServerTime;
  readonly warn: (message: string) => void;
}

/** Direct reads that are under way at the same time. */
const READS = 64;

export class Session {
  readonly #parts: SessionParts;
  readonly #calls: Calls;
  #connected: Connected | undefined;
  #jsm: JetStreamManager | undefined;
  #js: JetStreamClient | undefined;
  #follower: Follower | undefined;
  #mirror: Mirror | undefined;
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;

  private constructor(parts: SessionParts, onEnd: (error: Error) => void) {
    this.#parts = parts;
    this.#calls = new Calls((error) => {
      this.#follower?.stop();
      this.#connected?.release();
      onEnd(error);
    });
  }

  /** Connects, and brings the journal up to date. `onEnd` is called with why once the session ends, but not if it does not come about. */
  static async open(
    parts: SessionParts,
    previous: Replica | undefined,
    onEnd: (error: Error) => void,
  ): Promise<Session> {
    let isOpen = false;
    const session = new Session(parts, (error) => isOpen && onEnd(error));
    try {
      await session.#begin(previous);
    } catch (error) {
      session.end(asError(error));
      throw error;
    }
    if (session.ended) throw session.ended;
    isOpen = true;
    return session;
  }

  get replica(): Replica {
    return this.mirror.replica;
  }

  get mirror(): Mirror {
    return this.#mirror as Mirror;
  }

  get journal(): Journal {
    return this.replica.journal;
  }

  get jsm(): JetStreamManager {
    return this.#jsm as JetStreamManager;
  }

  get js(): JetStreamClient {
    return this.#js as JetStreamClient;
  }

  /** Why it is over. */
  get ended(): Error | undefined {
    return this.#calls.ended;
  }

  /** Bytes of a message, header included. */
  get maxPayload(): number {
    return this.#nc.info?.max_payload ?? 2 ** 20;
  }

  /** Ends it at once; what is under way is rejected with `error`. */
  end(error: Error): void {
    this.#calls.end(error);
  }

  /** Resolves once the journal has everything that the stream had when this was called. */
  sync(): Promise<void> {
    // One that is under way may have asked before.
    this.#nextSync ??= (this.#syncing ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        this.#syncing = this.#nextSync;
        this.#nextSync = undefined;
        return this.#sync();
      });
    return this.#nextSync;
  }

  /**
   * Stores a record right behind the journal; false where the stream has gone on meanwhile, and nothing was written. When it
   * resolves with true the server has confirmed it, and the journal has it.
   */
  async write(record: LogRecord, payload: Uint8Array): Promise<boolean> {
    const lastSequence = this.journal.position;
    const hdrs = headers();
    hdrs.set(HEADER, encodeRecord(record));
    try {
      const { seq } = await this.call(() =>
        this.js.publish(this.#parts.names.logSubject, payload, {
          headers: hdrs,
          expect: { lastSequence },
          timeout: this.#parts.config.timeoutMs,
        }),
      );
      this.#take(record, seq, payload);
      return true;
    } catch (error) {
      if (!isRefusal(error, JetStreamApiCodes.StreamWrongLastSequence)) throw error;
      const last = Number(/(\d+)$/.exec(error.message)?.[1] ?? 0);
      // Nearly always it is ahead, and then its name is all that has to be known.
      if (last > lastSequence) await this.#reached(last);
      else await this.sync();
      return false;
    }
  }

  /** The entries of these messages; those that are not there any more are left out. */
  async fetch(positions: readonly number[]): Promise<Map<number, readonly Entry[]>> {
    const { bodies } = this.replica;
    const found = new Map<number, readonly Entry[]>();
    const missing: number[] = [];
    for (const position of positions) {
      const kept = bodies.find(position);
      if (kept) found.set(position, kept);
      else missing.push(position);
    }
    const next = missing[Symbol.iterator]();
    const reader = async () => {
      for (const position of next) {
        const entries = await this.call(() => entriesAt(this.jsm, this.#parts.names.log, position));
        if (!entries) continue;
        bodies.keep(position, entries);
        found.set(position, entries);
      }
    };
    await Promise.all(Array.from({ length: Math.min(READS, missing.length) }, reader));
    return found;
  }

  /** Rejects with why the session ended if that comes first. */
  call<Result>(run: () => Promise<Result>): Promise<Result> {
    return this.#calls.run(run);
  }

  get #nc(): NatsConnection {
    return (this.#connected as Connected).nc;
  }

  async #begin(previous: Replica | undefined): Promise<void> {
    const { config, names } = this.#parts;
    this.#connected = await connectTo(config, (error) => this.end(error));
    if (this.ended) this.#connected.release();
    const info = await this.call(async () => {
      this.#jsm = await managerOf(this.#nc, config.timeoutMs);
      this.#js = jetstream(this.#nc, { timeout: config.timeoutMs });
      return openLog(this.#jsm, config, names);
    });
    if (info.config.storage === StorageType.Memory) {
      this.#parts.warn(`NATS keeps the stream ${names.log} in memory: all history is lost when it is restarted`);
    }
    if (previous && (await this.#isSame(previous, info))) this.#mirror = new Mirror(previous, this.#parts.time);
    else await this.#read(info);
    this.mirror.prove();
    this.#follower = await this.#follow(false, (msg, position) => this.#hear(msg, position));
    await this.sync();
  }

  /** True where the stream still has what the replica was made of. */
  async #isSame({ journal, created }: Replica, { created: now, state }: StreamInfo): Promise<boolean> {
    if (created !== String(now) || state.last_seq < journal.position || journal.lastId === '') return false;
    return (await this.call(() => idAt(this.jsm, this.#parts.names.log, journal.lastPosition))) === journal.lastId;
  }

  /** Makes a journal of the whole stream, of which only headers are read. */
  async #read({ state, created }: StreamInfo): Promise<void> {
    const { bounds, keyTtlMs } = this.#parts.config;
    const isEmpty = state.messages === 0;
    const journal = new Journal(bounds, keyTtlMs, isEmpty ? state.last_seq : state.first_seq - 1);
    const replica = { journal, bodies: new Bodies(), created: String(created) };
    this.#mirror = new Mirror(replica, this.#parts.time);
    if (isEmpty) return;
    this.#follower = await this.#follow(true, (msg, position) => this.mirror.scan(recordOf(msg.headers), position));
    await this.#catchUp(state);
    this.#follower.stop();
    journal.trim(this.#parts.time.now());
  }

  #follow(headersOnly: boolean, take: (msg: Msg, position: number) => void): Promise<Follower> {
    return this.call(async () => {
      const follower = await Follower.start(this.#nc, this.jsm, {
        stream: this.#parts.names.log,
        from: this.journal.position + 1,
        headersOnly,
        time: (now) => this.#parts.time.learn(now),
        message: (msg, position) => {
          try {
            take(msg, position);
          } catch (error) {
            this.end(asError(error));
          }
        },
        lost: (error) => this.end(error),
      });
      // The application's connection would go on to feed it.
      if (this.ended) follower.stop();
      return follower;
    });
  }

  #hear(msg: Msg, position: number): void {
    if (position <= this.journal.position) return;
    // A view of what was received must not keep all of that in memory.
    this.#take(recordOf(msg.headers), position, msg.data.slice());
  }

  #take(record: LogRecord | undefined, position: number, payload: Uint8Array): void {
    try {
      this.mirror.take(record, position, payload);
    } catch (error) {
      this.end(asError(error));
    }
  }

  #reached(position: number): Promise<void> {
    return this.call(() => this.mirror.reached(position, this.#parts.config.timeoutMs));
  }

  async #sync(): Promise<void> {
    // The journal goes on meanwhile.
    const { position } = this.journal;
    const { config, created, state } = await this.call(() => infoOf(this.jsm, this.#parts.names.log));
    if (String(created) !== this.replica.created) this.#wentBack(`the stream ${config.name} was made anew`);
    if (state.last_seq < position) {
      this.#wentBack(`it ends at message ${state.last_seq} instead of ${position}`);
    }
    this.journal.noteFirst(state.first_seq);
    this.journal.trim(this.#parts.time.now());
    await this.#catchUp(state);
  }

  /** Resolves once the journal has everything up to the stream's end. Messages that somebody deleted there never come. */
  async #catchUp(state: StreamInfo['state']): Promise<void> {
    let last = state.last_seq;
    if (state.num_deleted > 0 && last > this.journal.position) {
      last = await this.call(() => lastOf(this.jsm, this.#parts.names.log));
    }
    await this.#reached(last);
    this.journal.miss(state.last_seq);
  }

  #wentBack(why: string): never {
    const error = new WentBack(why);
    this.end(error);
    throw error;
  }
}
