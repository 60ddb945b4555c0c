/** Hub: one log, its channels, its connections. `createHub` is where everything begins. */
import { Channel, type ChannelOptions, checkChannel, type Published, type PublishOptions } from './channel.js';
import { type Ack, acknowledge } from './client-cursors.js';
import { type Command, checkTarget, encodeCommand, isMatch, type Target } from './commands.js';
import type { Connection } from './connection.js';
import { drain, shed } from './drain.js';
import { SseError } from './errors.js';
import { formatEventId, parseEventId } from './event-id.js';
import { HubCore } from './hub-core.js';
import { toNewEntry } from './new-entry.js';
import type { CloseReason, Observer } from './observer.js';
import { type HubOptions, resolveOptions } from './options.js';
import { Publishing } from './publishing.js';
import { toJson } from './snapshots.js';
import { type Appended, CONTROL_CHANNEL, type NewEntry } from './store.js';
import { type SyncQuery, type SyncResult, sync } from './sync.js';
import type { EventMap, EventsOf, NameOf, Publishable } from './typed.js';

/** Which connections are meant: a test, or fields that must all match. */
export type Where = ((connection: Connection) => boolean) | Target;

/** The hub's state for probes. `ready` is false while the store cannot be reached and while the hub drains. */
export interface Health {
  readonly live: boolean;
  readonly ready: boolean;
  /** Why `ready` is false. */
  readonly detail: string | undefined;
  readonly connections: number;
  /** The newest EventId that this process has seen. */
  readonly head: string;
}

/** What a hub holds at this moment. */
export interface HubStats {
  /** Open streams. */
  readonly connections: number;
  /** Those that get new messages as they come. */
  readonly live: number;
  /** Those that have history before them. */
  readonly catchingUp: number;
  /** Bytes that wait for clients, in all. */
  readonly pendingBytes: number;
  /** Channels that somebody live follows. */
  readonly channels: number;
  /** How many messages this process was behind its store when it last looked (`headCheckMs`). */
  readonly feedLag: number;
  /** Subscriptions, wherever they are: live, behind, or waiting for their place. */
  readonly subscriptions: number;
  /** Places taken of `maxConnections`. */
  readonly admitted: number;
  /** Streams that are over for the hub, with bytes that the client has not taken yet. */
  readonly ending: number;
  /** Calls of `authorize` under way. */
  readonly authorizing: number;
  /** Reads of history from the store under way. */
  readonly reads: number;
  /** Who waits for the log to reach a place, or for the store to be there. */
  readonly waiting: number;
}

/** One log, its channels, its connections. Made by {@link createHub}. */
export class Hub<Map extends object = EventMap> {
  readonly #core: HubCore;
  #closing: Promise<void> | undefined;

  /** @internal Use `createHub`. */
  constructor(options: HubOptions) {
    this.#core = new HubCore(this as unknown as Hub, resolveOptions(options));
    cores.set(this, this.#core);
  }

  /** The open streams. */
  get connections(): ReadonlySet<Connection> {
    return this.#core.connections;
  }

  /**
   * Stores a message and sends it to everyone who follows the channel. Resolves once the store's durability promise holds;
   * nothing is sent that was not stored.
   * @throws TypeError, RangeError for a wrong channel or message; SseError `ERR_SSE_SERIALIZE`, `ERR_SSE_EVENT_TOO_LARGE`.
   * Rejects with SseError `ERR_SSE_STORE` where the store fails, `ERR_SSE_CLOSED` after `close()`.
   */
  publish<Name extends NameOf<Map>>(
    channel: Name,
    message: Publishable<EventsOf<Map, Name>>,
    options: PublishOptions = {},
  ): Promise<Published> {
    const entry = this.#encode(channel, message, options.key);
    return this.#core.handled(this.#publish(entry), 'publish');
  }

  /** A channel, as an object that carries its event types. Its options stay with the hub. */
  channel<Name extends NameOf<Map>>(name: Name, options: ChannelOptions = {}): Channel<EventsOf<Map, Name>> {
    checkChannel(name);
    if (options.snapshot !== undefined) {
      if (typeof options.snapshot !== 'function') throw new TypeError('snapshot must be a function');
      this.#core.snapshots.provide(name, options.snapshot);
    }
    if (options.keyed === true) {
      if (!this.#core.options.store.supports.items) {
        throw new TypeError('keyed needs a store that keeps items (supports.items)');
      }
      this.#core.snapshots.key(name);
    } else if (options.keyed !== undefined && options.keyed !== false) {
      throw new TypeError(`keyed must be a boolean, not ${typeof options.keyed}`);
    }
    return new Channel(
      name,
      (message, publishOptions) => this.publish(name, message as never, publishOptions),
      (data, { at }) => this.saveSnapshot(name, data, { at }),
    );
  }

  /**
   * Keeps `data` as the state of `channel` that includes everything up to the EventId `at`, for clients whose history is gone.
   * Rejects with SseError `ERR_SSE_POSITION` where `at` is not, or no longer, part of the log.
   * @throws TypeError for an `at` that is no EventId.
   */
  saveSnapshot(channel: NameOf<Map>, data: unknown, { at }: { at: string }): Promise<void> {
    checkChannel(channel);
    const position = typeof at === 'string' ? parseEventId(at) : undefined;
    if (!position) throw new TypeError('at must be the EventId of the newest event that the snapshot includes');
    const { store, clock } = this.#core.options;
    const snapshot = { at: position, data: toJson(data, channel), time: clock.now() };
    return this.#core.handled(store.saveSnapshot(channel, snapshot), 'snapshot');
  }

  /** The events after an id as one answer, for clients that poll or sit behind a proxy that breaks streams. */
  sync(query: SyncQuery): Promise<SyncResult> {
    return this.#core.handled(sync(this.#core, query));
  }

  /**
   * Notes that a client has everything up to and including `id`, so that it resumes there when it comes back without an id, within 7 days.
   * Rejects with SseError `ERR_SSE_POSITION` where `id` is not, or no longer, part of the log; TypeError for wrong arguments and
   * where the store keeps no cursors.
   */
  ack(ack: Ack): Promise<void> {
    return this.#core.handled(acknowledge(this.#core, ack));
  }

  /**
   * Ends every matching connection with reason `revoked`, here at once and in every other process that shares the store as soon as
   * its tail brings the word, also after it was cut off for a while. Resolves once that is stored. They may come back: what they
   * then get is up to `authorize`.
   * @throws TypeError where `where` names nobody.
   */
  revoke(where: Target, { detail }: { detail?: string } = {}): Promise<void> {
    return this.#command({ op: 'revoke', where: checkTarget(where), detail });
  }

  /**
   * Lets every matching connection stay until `expiresAt` (milliseconds since 1970), here and in every other process: for clients
   * that have renewed their permission without leaving. Shortens none, and gives no end to those without. Resolves once that is stored.
   * @throws TypeError where `where` names nobody, RangeError for a time that is none.
   */
  extend(where: Target, expiresAt: number): Promise<void> {
    if (!Number.isFinite(expiresAt)) throw new RangeError(`expiresAt must be a time in milliseconds, not ${expiresAt}`);
    return this.#command({ op: 'extend', where: checkTarget(where), expiresAt });
  }

  /** Ends every matching connection of this process at once; returns how many. */
  disconnect(where: Where, reason: CloseReason = 'revoked'): number {
    const matches = typeof where === 'function' ? where : (connection: Connection) => isMatch(connection, where);
    let count = 0;
    for (const connection of [...this.connections]) {
      if (!matches(connection)) continue;
      connection.close({ reason });
      count++;
    }
    return count;
  }

  /** Adds an observer; the returned function removes it. */
  observe(observer: Observer): () => void {
    return this.#core.observers.add(observer);
  }

  /** Looks at every connection: for a probe now and then, not for every event. */
  stats(): HubStats {
    const { outlets, cursors, liveSets, log, admission, replay } = this.#core;
    let live = 0;
    let catchingUp = 0;
    let pendingBytes = 0;
    for (const cursor of cursors) {
      if (cursor.isLive) live++;
      else if (cursor.isBehind) catchingUp++;
    }
    for (const outlet of outlets) pendingBytes += outlet.pendingBytes;
    return {
      connections: outlets.size,
      live,
      catchingUp,
      pendingBytes,
      channels: liveSets.channelCount,
      feedLag: log.behind,
      subscriptions: cursors.size,
      admitted: admission.size,
      ending: this.#core.lingering,
      authorizing: this.#core.watching,
      reads: replay.reads,
      waiting: log.waiting,
    };
  }

  health(): Health {
    const { log, admission } = this.#core;
    const detail = this.#closing
      ? 'closed'
      : admission.leaving
        ? 'draining'
        : log.isTailing
          ? undefined
          : 'store unreachable';
    return {
      live: this.#closing === undefined,
      ready: detail === undefined,
      detail,
      connections: this.connections.size,
      head: log.idAt(log.head),
    };
  }

  /** Resolves once this process tails the store. Nothing needs to wait for it: publishing and subscribing do by themselves. */
  ready(): Promise<void> {
    return this.#core.handled(this.#core.log.connected());
  }

  /**
   * Empties the hub: not ready at once; after `delayMs`, in which load balancers learn that, no new streams, and the open ones
   * ended at random over `windowMs` (default 10,000), each with a fresh id and a `retry` that spreads their return. Publishing
   * goes on. Resolves when the last one has ended.
   */
  drain({ windowMs = 10_000, delayMs = 0 }: { windowMs?: number; delayMs?: number } = {}): Promise<void> {
    checkTime('windowMs', windowMs);
    checkTime('delayMs', delayMs);
    return this.#core.handled(drain(this.#core, windowMs, delayMs));
  }

  /**
   * Sends a share of the open streams away, chosen and ended at random over the window, as `drain` does; they come back to whatever
   * the load balancer chooses. The hub goes on. Resolves with how many, when the last of them has ended.
   */
  shed({ share, windowMs = 10_000 }: { share: number; windowMs?: number }): Promise<number> {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`share must be 0 to 1, not ${share}`);
    checkTime('windowMs', windowMs);
    return this.#core.handled(shed(this.#core, share, windowMs));
  }

  /** Ends every stream at once with reason `shutdown`, then the store's tail, and the store if the hub made it. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const core = this.#core;
    await drain(core, 0, 0);
    core.log.close();
    core.replay.close();
    core.heartbeat.stop();
    if (core.options.ownsStore) await core.options.store.close();
  }

  #encode(channel: string, message: unknown, key: string | undefined): NewEntry {
    const { options, snapshots } = this.#core;
    const { serializer, maxEventBytes, regionOf, clock } = options;
    const isKeyed = snapshots.isKeyed(channel);
    return toNewEntry(channel, message, key, { serializer, maxEventBytes, regionOf, isKeyed, time: clock.now() });
  }

  async #publish(entry: NewEntry): Promise<Published> {
    const { observers } = this.#core;
    const publishing = observers.hears('published') ? new Publishing(observers, entry) : undefined;
    try {
      const { epoch, seq, duplicate } = await this.#append(publishing?.entry ?? entry);
      const published = { id: formatEventId(epoch, seq), duplicate };
      publishing?.stored(published);
      return published;
    } catch (error) {
      publishing?.failed(error);
      throw error;
    }
  }

  async #command(command: Command): Promise<void> {
    const entry = { channel: CONTROL_CHANNEL, body: encodeCommand(command), time: this.#core.options.clock.now() };
    this.#core.obey(command);
    await this.#core.handled(this.#append(entry), 'publish');
  }

  async #append(entry: NewEntry): Promise<Appended> {
    if (this.#closing)
      throw new SseError('ERR_SSE_CLOSED', `Cannot publish to channel "${entry.channel}": the hub is closed`);
    const [appended] = await this.#core.log.append([entry]);
    return appended as Appended;
  }
}

/**
 * Makes a hub. Without options it keeps its history in memory.
 * @throws TypeError, RangeError for wrong options.
 * @example
 * const hub = createHub();
 * await hub.publish('news', { event: 'story', data: { title: 'Hello' } });
 */
export function createHub<Map extends object = EventMap>(options: HubOptions = {}): Hub<Map> {
  return new Hub<Map>(options);
}

function checkTime(name: string, ms: number): void {
  if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`${name} must be at least 0, not ${ms}`);
}

/** A hub, whatever its channels and events are. */
export type AnyHub = Pick<
  Hub,
  | 'connections'
  | 'observe'
  | 'drain'
  | 'shed'
  | 'close'
  | 'health'
  | 'stats'
  | 'disconnect'
  | 'revoke'
  | 'extend'
  | 'ack'
  | 'sync'
>;

const cores = new WeakMap<object, HubCore>();

/** @internal The parts of a hub, for adapters. */
export function coreOf(hub: AnyHub): HubCore {
  const core = cores.get(hub);
  if (!core) throw new TypeError('hub must be made by createHub()');
  return core;
}
