/**
 * The names of a log's keys. Pure.
 * Invariant: all of them have the hash tag `{name}`, so that a cluster keeps a log in one place, and no two things share one.
 */
export class Keys {
  readonly log: string;
  readonly feed: string;
  /** Whoever holds it sweeps. */
  readonly sweep: string;
  readonly #prefix: string;

  constructor(name: string) {
    this.#prefix = `hw:{${name}}:`;
    this.log = `${this.#prefix}log`;
    this.feed = `${this.#prefix}feed`;
    this.sweep = `${this.#prefix}sweep`;
  }

  stream(channel: string): string {
    return `${this.#prefix}c:${channel}`;
  }

  items(channel: string): string {
    return `${this.#prefix}i:${channel}`;
  }

  snapshot(channel: string): string {
    return `${this.#prefix}s:${channel}`;
  }

  cursor(key: string): string {
    return `${this.#prefix}u:${key}`;
  }

  /** The length keeps `a` + `bc` and `ab` + `c` apart. */
  idempotency(channel: string, key: string): string {
    return `${this.#prefix}k:${channel.length}:${channel}${key}`;
  }
}
