/**
 * Connection: one client's stream as its user sees it. Made lazily by an adapter; nothing is sent before the first use.
 * The writing is the outlet's, the place in the log the cursor's.
 */

import { type Channels, toNames } from './channel.js';
import { assertCursors } from './client-cursors.js';
import { Cursor } from './cursor.js';
import { checkRetry } from './frame.js';
import type { Hub } from './hub.js';
import type { HubCore } from './hub-core.js';
import type { Message, Sendable } from './message.js';
import { alreadyOpen, type CloseOptions, type Ended, type OpenOptions, Outlet } from './outlet.js';
import type { ReplayHook } from './replay-hook.js';
import type { Transport } from './sink.js';
import { isSource, messagesOf, type Source } from './source.js';
import type { Subscribed } from './subscribed.js';
import { type SubscribeOptions, toSubscriptions } from './subscription.js';

/** Options of `send(source)`. */
export interface SendSourceOptions {
  /** What happens at the source's end. Default `close`. */
  end?: 'close' | 'keep' | undefined;
  /** Turns the source's failure into a last message for the client. By default the stream ends without a word: error texts are not for clients. */
  onError?: ((error: unknown) => Sendable | undefined) | undefined;
}

/** A permission that was given anew. */
export interface Renewed {
  readonly principal?: string | undefined;
  /** Milliseconds since 1970; undefined for no end. */
  readonly expiresAt?: number | undefined;
}

export class Connection {
  /** Who this is, from `authorize`; free for the application. */
  principal: string | undefined;
  /** Milliseconds since 1970 at which the permission ends: announced 30 s before (`sse.expiring`), closed then. */
  expiresAt: number | undefined;
  /** Where this client belongs; set it before `subscribe`. Channels of another region are refused, and their events withheld. */
  region: string | undefined;
  /** @internal Asks again for the permission that is about to end; undefined where it is not given any more. */
  renew: (() => Promise<Renewed | undefined>) | undefined;
  /** @internal The expiry that was looked at last. */
  warnedFor: number | undefined;
  /** @internal The adapter's own replay hook. */
  replay: ReplayHook | undefined;

  readonly #hub: HubCore;
  readonly #outlet: Outlet;
  #clientId: string | undefined;

  /** @internal Adapters make connections through `core/node`. */
  constructor(hub: HubCore, transport: Transport) {
    this.#hub = hub;
    this.#outlet = new Outlet(this, hub, transport);
  }

  /** Unique within this process and unlikely to repeat elsewhere. */
  get id(): string {
    return this.#outlet.id;
  }

  get hub(): Hub {
    return this.#hub.hub;
  }

  /** The framework's request. */
  get request(): unknown {
    return this.#outlet.transport.request;
  }

  /** Last-Event-ID as the client sent it: untrusted. */
  get lastEventId(): string | undefined {
    return this.#outlet.lastEventId;
  }

  get isOpen(): boolean {
    return this.#outlet.isOpen;
  }

  /** The id under which the store remembers this client's place, see `SubscribeOptions.clientId`. */
  get clientId(): string | undefined {
    return this.#clientId;
  }

  /** Bytes that wait for this client. */
  get pendingBytes(): number {
    return this.#outlet.pendingBytes;
  }

  get channels(): readonly string[] {
    return this.#outlet.cursor?.channels ?? [];
  }

  /** True while this connection gets new frames as they come, false while it pages through history. */
  get isLive(): boolean {
    return this.#outlet.cursor?.isLive ?? false;
  }

  /** Positions between this connection and the newest frame. */
  get lag(): number {
    const { cursor } = this.#outlet;
    return cursor ? Math.max(0, this.#hub.log.head - cursor.position) : 0;
  }

  /** What was written so far: messages, control events not counted, and bytes of everything. */
  get sent(): { readonly events: number; readonly bytes: number } {
    const { events, written } = this.#outlet;
    return { events, bytes: written };
  }

  /** Milliseconds since the stream was opened, 0 before. */
  get ageMs(): number {
    return this.#outlet.wasOpened ? this.#hub.options.clock.elapsed() - this.#outlet.openedAt : 0;
  }

  /** Aborts when the connection ends; its reason is the close reason. */
  get signal(): AbortSignal {
    return this.#outlet.signal;
  }

  /** Resolves when the connection ends, also if it has ended long ago. */
  get closed(): Promise<Ended> {
    return this.#outlet.closed;
  }

  /**
   * Sends status, headers and first bytes now. `send` and `subscribe` do so by themselves.
   * @throws SseError `ERR_SSE_HEADERS_SENT`, `ERR_SSE_NOT_STREAMABLE`, `ERR_SSE_NOT_ACCEPTABLE`. A client that has already gone is no error.
   */
  open(options: OpenOptions = {}): this {
    if (this.#outlet.wasOpened) throw alreadyOpen();
    if (options.retryMs !== undefined) checkRetry(options.retryMs);
    this.#outlet.begin(options);
    return this;
  }

  /**
   * Sends a private message: one that is in no channel and no history. Resolves true once there is room again (await it for
   * backpressure), false if the connection has ended; never rejects.
   * @throws TypeError, RangeError, SseError for a message that cannot be sent, with nothing written.
   */
  send(message: Sendable): Promise<boolean>;
  /**
   * Sends what `source` yields, at the pace of the client. When the client leaves the source is returned, destroyed or cancelled
   * at once. Rejects with the source's own error.
   */
  send(source: Source, options?: SendSourceOptions): Promise<boolean>;
  send(value: Sendable | Source, options: SendSourceOptions = {}): Promise<boolean> {
    if (typeof value !== 'string' && !(value instanceof Uint8Array) && isSource(value))
      return this.#sendSource(value, options);
    if (this.#outlet.cursor && (value as Message)?.id !== undefined) {
      throw new TypeError(
        'Cannot send a private id on a connection that has subscribed: it would overwrite its place in the log',
      );
    }
    return this.#outlet.send(value);
  }

  /** Sends a comment, which clients ignore. */
  comment(text: string): Promise<boolean> {
    return this.#outlet.comment(text);
  }

  /**
   * Follows channels: what the client missed first, then live, without a gap between. Calls before the first frame form one set,
   * resumed from the request's Last-Event-ID.
   * @throws TypeError, RangeError for wrong channels or options.
   */
  subscribe(channels: Channels, options: SubscribeOptions = {}): Promise<Subscribed> {
    const subscriptions = toSubscriptions(toNames(channels), options);
    const { control = true } = options;
    const known = new Set([...this.channels, ...subscriptions.map(({ channel }) => channel)]);
    if (known.size > this.#hub.options.maxChannels) {
      throw new RangeError(
        `Cannot follow ${known.size} channels on one connection: maxChannels is ${this.#hub.options.maxChannels}`,
      );
    }
    this.#outlet.asked();
    for (const { channel } of subscriptions) this.#hub.checkRegion(channel, this.region, this);
    if (options.clientId !== undefined) {
      assertCursors(this.#hub);
      this.#clientId ??= options.clientId;
    }
    // Under `reject` the headers wait until it is known whether there is something to reject.
    if (options.onReset !== 'reject' && !this.#outlet.wasOpened) this.#outlet.begin();
    const outlet = this.#outlet;
    if (outlet.ended || outlet.transport.isHead) {
      outlet.begin();
      return Promise.resolve({ resume: 'closed', channels: [] });
    }
    outlet.cursor ??= new Cursor(outlet, this.#hub);
    return this.#hub.handled(outlet.cursor.subscribe(subscriptions, control));
  }

  /** @internal A handler is about to find out whether this connection may have its stream. */
  asked(): void {
    this.#outlet.asked();
  }

  /** @internal Never shortens a permission, nor gives an end to one that has none. */
  extend(expiresAt: number): void {
    if (this.expiresAt !== undefined) this.expiresAt = Math.max(this.expiresAt, expiresAt);
  }

  /** Stops following these channels, all of them by default. */
  unsubscribe(channels?: Channels): void {
    this.#outlet.cursor?.unsubscribe(channels === undefined ? undefined : toNames(channels));
  }

  /** Ends the stream. Idempotent. Clients come back unless told otherwise (`final`). */
  close(options: CloseOptions = {}): void {
    const { reason = 'server', detail, retryMs, final } = options;
    if (retryMs !== undefined) checkRetry(retryMs);
    this.#outlet.end(reason, detail, { retryMs, final });
  }

  #sendSource(source: Source, options: SendSourceOptions): Promise<boolean> {
    const { end = 'close' } = options;
    if (end !== 'close' && end !== 'keep') throw new TypeError(`end must be 'close' or 'keep', not ${String(end)}`);
    this.#outlet.begin();
    return this.#hub.handled(this.#pump(source, options));
  }

  async #pump(source: Source, { end = 'close', onError }: SendSourceOptions): Promise<boolean> {
    try {
      for await (const message of messagesOf(source, this.signal)) {
        if (!(await this.send(message))) return false;
      }
    } catch (error) {
      // Before the end that it brings: whoever tells of the end can say why.
      this.#hub.observers.error(error, 'source', this);
      const last = onError?.(error);
      if (last !== undefined) await this.send(last);
      this.close({ reason: 'error', detail: error instanceof Error ? error.message : String(error) });
      throw error;
    }
    if (!this.isOpen) return false;
    if (end === 'close') this.close();
    return true;
  }
}
