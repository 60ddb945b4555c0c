/**
 * Live sets: the connections that have caught up, grouped by what they subscribe to. All members of a set get the same bytes
 * from a flush, so a flush prepares once per set (and sets with the same selection share even that).
 */
import type { Cursor } from './cursor.js';

/** What the members of a live set have in common beside their channels. */
export type SetForm = Pick<LiveSet, 'linked' | 'traced' | 'filtered' | 'region'>;

/** Connections with the same channels and the same form of frames. */
export class LiveSet {
  readonly key: string;
  readonly channels: ReadonlySet<string>;
  /** Frames start with their `prev` comment. */
  readonly linked: boolean;
  /** Frames start with their trace context. */
  readonly traced: boolean;
  /** Each member has filters of its own, so that nothing can be shared. */
  readonly filtered: boolean;
  /** The region of every member. */
  readonly region: string | undefined;
  readonly members: Cursor[] = [];
  /** Number of the newest flush in which one of the channels was active. */
  flushNo = 0;

  constructor(key: string, channels: ReadonlySet<string>, form: SetForm) {
    const { linked, traced, filtered, region } = form;
    this.key = key;
    this.channels = channels;
    this.linked = linked;
    this.traced = traced;
    this.filtered = filtered;
    this.region = region;
  }
}

export class LiveSets {
  readonly #byKey = new Map<string, LiveSet>();
  readonly #byChannel = new Map<string, Set<LiveSet>>();

  /** The live sets that subscribe to `channel`. */
  of(channel: string): Iterable<LiveSet> {
    return this.#byChannel.get(channel) ?? NONE;
  }

  isFollowed(channel: string): boolean {
    return this.#byChannel.has(channel);
  }

  /** All of them. */
  all(): Iterable<LiveSet> {
    return this.#byKey.values();
  }

  /** Number of channels that someone live subscribes to. */
  get channelCount(): number {
    return this.#byChannel.size;
  }

  join(cursor: Cursor, key: string, channels: readonly string[], form: SetForm): LiveSet {
    let set = this.#byKey.get(key);
    if (!set) {
      set = new LiveSet(key, new Set(channels), form);
      this.#byKey.set(key, set);
      for (const channel of channels) {
        const sets = this.#byChannel.get(channel);
        if (sets) sets.add(set);
        else this.#byChannel.set(channel, new Set([set]));
      }
    }
    cursor.slot = set.members.push(cursor) - 1;
    return set;
  }

  leave(cursor: Cursor, set: LiveSet): void {
    const last = set.members.pop() as Cursor;
    if (last !== cursor) {
      set.members[cursor.slot] = last;
      last.slot = cursor.slot;
    }
    if (set.members.length > 0) return;
    this.#byKey.delete(set.key);
    for (const channel of set.channels) {
      const sets = this.#byChannel.get(channel);
      sets?.delete(set);
      if (sets?.size === 0) this.#byChannel.delete(channel);
    }
  }
}

const NONE: readonly LiveSet[] = [];
