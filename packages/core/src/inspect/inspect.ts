/**
 * Inspection: a hub looked at from outside, for tools of its operators. It reads and moves nothing; the tries at resuming it asks
 * the store about are those of a client that never opens its stream.
 */
import { checkChannel } from '../channel.js';
import type { Connection } from '../connection.js';
import { SseError } from '../errors.js';
import { Following } from '../following.js';
import { decodeBody, type Frame } from '../frame.js';
import { type AnyHub, coreOf } from '../hub.js';
import type { HubCore } from '../hub-core.js';
import { factsOf } from '../request-facts.js';
import { floorsOf } from '../reset.js';
import { CONTROL_CHANNEL } from '../store.js';
import { toSubscriptions } from '../subscription.js';
import type {
  ConnectionsQuery,
  InspectedChannel,
  InspectedConnection,
  InspectedConnections,
  InspectedEvent,
  InspectedResume,
  InspectedStore,
} from './inspected.js';
import { tryResume } from './try-resume.js';

/** A search holds the event loop for no longer than it takes to look at these. */
const MAX_LOOKED = 20_000;

/** A look at one hub. Made by {@link inspect}. */
export class Inspection {
  readonly #core: HubCore;

  /** @internal Use `inspect`. */
  constructor(core: HubCore) {
    this.#core = core;
  }

  /** A page of the open streams. */
  connections(query: ConnectionsQuery = {}): InspectedConnections {
    const { offset = 0, limit = 100, find = '', onlyBehind = false } = query;
    const isSearch = find !== '' || onlyBehind;
    const all = this.#core.connections;
    const connections: InspectedConnection[] = [];
    let looked = 0;
    let total = 0;
    for (const connection of all) {
      if (isSearch ? looked >= MAX_LOOKED : total >= offset + limit) break;
      looked++;
      if (onlyBehind && connection.isLive && connection.pendingBytes === 0) continue;
      if (find !== '' && !isFound(describe(connection), find)) continue;
      if (total++ >= offset && connections.length < limit) connections.push(describe(connection));
    }
    return { total: isSearch ? total : all.size, isPartial: isSearch && looked < all.size, connections };
  }

  /** Looks at every follower and every event in memory. The most followed ones first, then by name; at most `limit`. */
  async channels(limit: number = 500): Promise<{ readonly total: number; readonly channels: InspectedChannel[] }> {
    const found = this.#findChannels();
    const names = [...found.keys()].toSorted((a, b) => compare(found, a, b)).slice(0, limit);
    const floors = await this.#floors(names);
    const channels = names.map((name) => {
      const { followers, newest, inMemory } = found.get(name) as Found;
      const head = newest && { id: this.#core.log.idAt(newest.seq), seq: newest.seq, time: newest.time };
      return { name, followers, floor: floors?.get(name), head, inMemory };
    });
    return { total: found.size, channels };
  }

  /** The newest events of a channel that are in memory (`ringEvents`), the oldest first. @throws TypeError, RangeError for no channel. */
  recent(channel: string, limit: number = 50): InspectedEvent[] {
    checkChannel(channel);
    const { ring } = this.#core.log;
    const frames: Frame[] = [];
    for (let seq = ring.head; seq > ring.base && frames.length < limit; seq--) {
      const frame = ring.at(seq);
      if (frame?.channel === channel) frames.push(frame);
    }
    return frames.toReversed().map(({ seq, time, bytes }) => {
      return { id: this.#core.log.idAt(seq), seq, time, bytes: bytes.length, ...decodeBody(bytes) };
    });
  }

  /** Asks the store for its head, for at most `timeoutMs`. */
  async store(timeoutMs: number = 2_000): Promise<InspectedStore> {
    const { log, options } = this.#core;
    const { clock, store } = options;
    const begun = clock.elapsed();
    const state = await withinTime(this.#core, timeoutMs, store.state()).catch((error: unknown) => ({ error }));
    const failure = 'error' in state ? state.error : log.isTailing ? undefined : log.failure;
    const answer = 'head' in state ? { head: state.head, answerMs: clock.elapsed() - begun } : undefined;
    return {
      isReachable: log.isTailing && answer !== undefined,
      failure: failure === undefined ? undefined : failure instanceof Error ? failure.message : String(failure),
      head: answer?.head,
      answerMs: answer?.answerMs,
      seen: log.head,
      memoryFrom: log.ring.base,
      supports: store.supports,
    };
  }

  /**
   * What a client would get that follows `channels` and comes with `id`. A replay hook is not asked. Rejects with `ERR_SSE_STORE`
   * where the store does not answer within `timeoutMs`.
   * @throws TypeError, RangeError for wrong channels.
   */
  tryResume(id: string, channels: readonly string[], timeoutMs: number = 5_000): Promise<InspectedResume> {
    const following = new Following();
    for (const subscription of toSubscriptions(channels, {})) following.add(subscription, 0);
    return withinTime(this.#core, timeoutMs, tryResume(this.#core, id, following));
  }

  #findChannels(): Map<string, Found> {
    const found = new Map<string, Found>();
    const at = (name: string): Found => {
      const known = found.get(name) ?? { followers: 0, newest: undefined, inMemory: 0 };
      found.set(name, known);
      return known;
    };
    const { liveSets, cursors } = this.#core;
    // Those who are live are counted by the set.
    for (const { channels, members } of liveSets.all()) {
      for (const name of channels) at(name).followers += members.length;
    }
    for (const cursor of cursors) if (!cursor.isLive) for (const name of cursor.channels) at(name).followers++;
    const { ring } = this.#core.log;
    for (let seq = ring.base + 1; seq <= ring.head; seq++) {
      const frame = ring.at(seq);
      if (!frame || frame.channel === CONTROL_CHANNEL) continue;
      const known = at(frame.channel);
      known.newest = frame;
      known.inMemory++;
    }
    return found;
  }

  async #floors(names: readonly string[]): Promise<Map<string, number> | undefined> {
    if (names.length === 0) return undefined;
    return withinTime(this.#core, 2_000, floorsOf(this.#core.options.store, names)).catch(() => undefined);
  }
}

interface Found {
  followers: number;
  newest: Frame | undefined;
  inMemory: number;
}

/**
 * Looks at a hub: its connections, channels and store, the newest events, and what would become of a client that came back.
 * @example
 * const { outcome, reason, events } = await inspect(hub).tryResume(id, ['news']);
 */
export function inspect(hub: AnyHub): Inspection {
  return new Inspection(coreOf(hub));
}

function describe(connection: Connection): InspectedConnection {
  const { id, principal, clientId, channels, isLive, lag, pendingBytes, ageMs, sent } = connection;
  const facts = factsOf(connection.request);
  return { id, ...facts, principal, clientId, channels, isLive, behind: lag, pendingBytes, ageMs, ...sent };
}

/** What does not come in time may still come: nobody minds then. */
async function withinTime<T>({ options: { clock } }: HubCore, ms: number, work: Promise<T>): Promise<T> {
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    const error = new SseError('ERR_SSE_STORE', `The store did not answer within ${ms} ms`, { statusCode: 503 });
    timer = clock.setTimer(() => reject(error), ms);
  });
  return Promise.race([work, late]).finally(() => clock.clearTimer(timer));
}

function isFound({ id, address, route, principal, clientId, channels }: InspectedConnection, find: string): boolean {
  return [id, address, route, principal, clientId, ...channels].some((text) => text?.includes(find));
}

function compare(found: ReadonlyMap<string, Found>, a: string, b: string): number {
  const followers = (name: string) => found.get(name)?.followers ?? 0;
  return followers(b) - followers(a) || (a < b ? -1 : 1);
}
