/** Channel: a named filter over the hub's log. A handle costs nothing and keeps nothing: a channel exists as long as someone follows it or it has history. */
import type { Sendable } from './message.js';
import type { SnapshotProvider } from './snapshots.js';
import type { Publishable } from './typed.js';

/** Options of `hub.channel(name)`. */
export interface ChannelOptions {
  /** Gives the channel's state to clients whose history is gone; takes precedence over the hub's own provider. */
  snapshot?: SnapshotProvider | undefined;
  /**
   * True: what is published are {@link Operation}s on items, and clients whose history is gone get all items as a JSON array. To
   * be said in every process that publishes to the channel or serves it. Default false.
   */
  keyed?: boolean | undefined;
}

/** What became of a published message. */
export interface Published {
  /** The EventId under which the store holds it. */
  readonly id: string;
  /** True where the idempotency key was already known; `id` is then that of the first. */
  readonly duplicate: boolean;
}

/** Options of `publish`. */
export interface PublishOptions {
  /** Idempotency key, 1 to 200 characters, good for 10 minutes within the channel. */
  key?: string | undefined;
}

/** A channel of a hub, with its event types. */
export class Channel<Events = Record<string, unknown>> {
  readonly name: string;
  readonly #publish: (message: Sendable, options?: PublishOptions) => Promise<Published>;
  readonly #saveSnapshot: (data: unknown, options: { at: string }) => Promise<void>;

  /** @internal Use `hub.channel(name)`. */
  constructor(
    name: string,
    publish: (message: Sendable, options?: PublishOptions) => Promise<Published>,
    saveSnapshot: (data: unknown, options: { at: string }) => Promise<void>,
  ) {
    this.name = name;
    this.#publish = publish;
    this.#saveSnapshot = saveSnapshot;
  }

  /** As `hub.publish(name, message, options)`. */
  publish(message: Publishable<Events>, options?: PublishOptions): Promise<Published> {
    return this.#publish(message as Sendable, options);
  }

  /** As `hub.saveSnapshot(name, data, { at })`. */
  saveSnapshot(data: unknown, options: { at: string }): Promise<void> {
    return this.#saveSnapshot(data, options);
  }

  toString(): string {
    return this.name;
  }
}

/** One or many channels, by name or as objects. */
export type Channels = string | AnyChannel | readonly (string | AnyChannel)[];

/** A channel, whatever its events are. */
export type AnyChannel = Pick<Channel, 'name'>;

/** The names in `channels`, each once. */
export function toNames(channels: Channels): string[] {
  const list: readonly (string | AnyChannel)[] = Array.isArray(channels) ? channels : [channels];
  return [...new Set(list.map((channel) => (typeof channel === 'object' ? channel?.name : channel)))];
}

const NAME = /^[\x21-\x2b\x2d-\x7e]{1,200}$/;

/** @throws TypeError for a name that is not 1 to 200 bytes of printable ASCII without spaces or commas. */
export function checkChannel(name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : typeof name;
  throw new TypeError(
    `Channel name must be 1 to 200 characters of printable ASCII without spaces or commas, not ${shown}`,
  );
}
