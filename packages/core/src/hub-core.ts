/** HubCore: what the parts of one hub share. Internal; `hub.ts` is the public face. */
import { type Batch, textBatch } from './batch.js';
import { type Command, decodeCommand, isMatch, type Target } from './commands.js';
import type { Connection } from './connection.js';
import type { Cursor } from './cursor.js';
import { SseError, shown } from './errors.js';
import { Flusher } from './flush.js';
import { MIN_RETRY_MS } from './frame.js';
import { Heartbeat } from './heartbeat.js';
import type { Hub } from './hub.js';
import { Admission } from './limits.js';
import { LiveSets } from './live-set.js';
import { Log } from './log.js';
import { checkSize } from './new-entry.js';
import { type ErrorSource, Observers } from './observer.js';
import type { ResolvedOptions } from './options.js';
import type { Ended, Outlet } from './outlet.js';
import { askRegion, wrongRegion } from './regions.js';
import { Replay } from './replay.js';
import type { Sink } from './sink.js';
import { inSlices } from './slices.js';
import { Snapshots } from './snapshots.js';

export class HubCore {
  readonly hub: Hub;
  readonly options: ResolvedOptions;
  readonly observers: Observers;
  readonly admission: Admission;
  readonly liveSets: LiveSets = new LiveSets();
  readonly flusher: Flusher;
  readonly log: Log;
  readonly replay: Replay;
  readonly snapshots: Snapshots;
  readonly heartbeat: Heartbeat;
  /** Every connection's cursor, also those that wait for their place. */
  readonly cursors: Set<Cursor> = new Set();
  /** Every open stream. */
  readonly outlets: Set<Outlet> = new Set();
  readonly connections: Set<Connection> = new Set();

  readonly #prelude: Batch;
  readonly #prefix: string;
  readonly #pulls = new Set<Cursor>();
  readonly #lingering = new Map<Sink, number>();
  readonly #watches = new Set<Target[]>();
  #pulling = false;
  #ids = 0;

  constructor(hub: Hub, options: ResolvedOptions) {
    this.hub = hub;
    this.options = options;
    this.observers = new Observers(hub, options.observers);
    this.admission = new Admission(options);
    this.#prelude = preludeOf(options.retryMs);
    this.#prefix = Math.floor(options.random() * 36 ** 6).toString(36);
    this.flusher = new Flusher(() => this.log.ring, this.liveSets, options.clock, this.observers);
    this.heartbeat = new Heartbeat(this);
    this.log = new Log(options, this.observers, {
      grown: () => this.flusher.notify(),
      command: (body) => {
        const command = decodeCommand(body);
        if (command) this.obey(command);
      },
      commandsLost: () => {
        // Whoever was meant is not known. Everybody comes back, and is authorised anew.
        for (const connection of [...this.connections])
          connection.close({ retryMs: this.spreadRetryMs(), detail: 'revocations may have been missed' });
      },
      moved: (head) => {
        this.#moveTo(head);
        for (const cursor of [...this.cursors]) cursor.resumed();
      },
      rolledBack: (before) => {
        // In one turn: nobody may see the new log with an old place.
        this.#moveTo(this.log.head);
        for (const cursor of [...this.cursors]) cursor.rolledBack(before);
      },
    });
    this.replay = new Replay(this.log, options.store, options.clock, this.observers);
    this.snapshots = new Snapshots({
      log: this.log,
      store: options.store,
      clock: options.clock,
      observers: this.observers,
      timeoutMs: options.callbackTimeoutMs,
      provider: options.snapshot,
    });
  }

  /** Streams that have ended with bytes still waiting. */
  get lingering(): number {
    return this.#lingering.size;
  }

  /** Who watches for revocations. */
  get watching(): number {
    return this.#watches.size;
  }

  get isEmpty(): boolean {
    return this.outlets.size === 0 && this.#lingering.size === 0;
  }

  nextId(): string {
    return `${this.#prefix}-${(++this.#ids).toString(36)}`;
  }

  prelude(retryMs: number | undefined): Batch {
    return retryMs === undefined ? this.#prelude : preludeOf(retryMs);
  }

  /** How long a refused client should stay away, spread so that they do not come back together. */
  refusalSeconds(): number {
    const [min, max] = this.options.refusalRetrySeconds;
    return min + Math.floor(this.options.random() * (max - min + 1));
  }

  /** The reconnection time for who is sent away together with others, in milliseconds: spread around the usual one. */
  spreadRetryMs(): number {
    const { retryMs, random } = this.options;
    return Math.max(MIN_RETRY_MS, Math.round(retryMs * (0.5 + random())));
  }

  checkSize(bytes: number): void {
    checkSize(bytes, this.options.maxEventBytes);
  }

  /** @throws SseError `ERR_SSE_ORIGIN` for an origin that is not on the hub's list. */
  checkOrigin(origin: string | undefined, request: unknown, connection?: Connection): void {
    const { origins } = this.options;
    if (origins === false || origin === undefined || origins.includes(origin)) return;
    const detail = `Origin ${shown(origin, 200)} is not allowed`;
    this.observers.emit('denied', { why: 'origin', detail, connection, request });
    throw new SseError('ERR_SSE_ORIGIN', detail, { statusCode: 403 });
  }

  /** @throws SseError `ERR_SSE_REGION` for a channel that belongs to another region than `own`. */
  checkRegion(channel: string, own: string | undefined, connection?: Connection): void {
    const region = askRegion(this.options.regionOf, channel);
    if (region === undefined || region === own) return;
    const error = wrongRegion(channel, region, own);
    this.observers.emit('denied', { why: 'region', detail: error.message, connection, request: connection?.request });
    throw error;
  }

  /** A promise of ours never ends the process: its failure is reported where nobody awaits it, and still rejects where somebody does. */
  handled<T>(promise: Promise<T>, source?: ErrorSource, connection?: Connection): Promise<T> {
    promise.catch((error) => {
      if (source) this.observers.error(error, source, connection);
    });
    return promise;
  }

  /** Queues one step of a cursor that is behind. Steps run in slices, each cursor in turn. */
  wake(cursor: Cursor): void {
    this.#pulls.add(cursor);
    if (this.#pulling) return;
    this.#pulling = true;
    this.options.clock.setTurn(() => this.#pullAll());
  }

  /** Notes who is revoked until `stop`: for a client of whom it is not known yet who it is. */
  watchRevocations(): { readonly seen: readonly Target[]; stop(): void } {
    const seen: Target[] = [];
    this.#watches.add(seen);
    return { seen, stop: () => void this.#watches.delete(seen) };
  }

  /** Does what a command says to the connections of this process, also to those that are not open yet. */
  obey(command: Command): void {
    if (command.op === 'revoke') for (const seen of this.#watches) seen.push(command.where);
    const waiting = [...this.cursors].map((cursor) => cursor.connection);
    for (const connection of new Set([...this.connections, ...waiting])) {
      if (!isMatch(connection, command.where)) continue;
      if (command.op === 'extend') connection.extend(command.expiresAt);
      else {
        const { detail } = command;
        connection.close({ reason: 'revoked', detail });
        this.observers.emit('denied', { why: 'revoked', detail: detail ?? 'revoked', connection });
      }
    }
  }

  opened(outlet: Outlet): void {
    this.outlets.add(outlet);
    this.connections.add(outlet.connection);
    const { maxAgeMs, random } = this.options;
    if (maxAgeMs !== false) outlet.endsAt = outlet.openedAt + maxAgeMs * (0.8 + 0.2 * random());
    this.heartbeat.start();
    this.observers.emit('opened', outlet.connection);
  }

  finished(outlet: Outlet, ended: Ended): void {
    this.admission.release(outlet);
    this.connections.delete(outlet.connection);
    if (!this.outlets.delete(outlet)) {
      if (outlet.wasAsked) this.observers.emit('abandoned', outlet.connection, ended);
      return;
    }
    const durationMs = this.options.clock.elapsed() - outlet.openedAt;
    this.observers.emit('closed', outlet.connection, { ...ended, durationMs });
  }

  /** A stream that has ended with bytes still waiting is given up once the stall time is over. */
  linger(sink: Sink): void {
    const { stallMs, clock } = this.options;
    this.#lingering.set(sink, clock.elapsed() + (stallMs === false ? 30_000 : stallMs));
    this.heartbeat.start();
  }

  reapLingering(deadline: number = this.options.clock.elapsed()): void {
    for (const [sink, until] of this.#lingering) {
      if (sink.pendingBytes > 0 && until > deadline) continue;
      if (sink.pendingBytes > 0) sink.destroy();
      this.#lingering.delete(sink);
    }
  }

  #moveTo(head: number): void {
    // The places of the live ones come from the flush that is under way: taken before it is given up.
    for (const cursor of this.cursors) cursor.suspend();
    this.flusher.moveTo(head);
    this.replay.clear();
    this.snapshots.clear();
  }

  #pullAll(): void {
    const queue = this.#pulls[Symbol.iterator]();
    const last = this.#pulls.size;
    let done = 0;
    inSlices(
      this.options.clock,
      () => {
        // Who asks again while this round runs is served in the next one.
        const { value } = done++ < last ? queue.next() : { value: undefined };
        if (!value) return false;
        this.#pulls.delete(value);
        value.pull();
        return true;
      },
      () => {
        this.#pulling = false;
        const [next] = this.#pulls;
        if (next) this.wake(next);
      },
    );
  }
}

function preludeOf(retryMs: number): Batch {
  // No blank line: two popular clients would make an empty message of it. The comment makes proxies let the headers go.
  return textBatch(`retry: ${retryMs}\n:\n`);
}
