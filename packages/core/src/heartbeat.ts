/**
 * Heartbeat: one tick per hub for heartbeats, age, expiry and stalls. Only idle connections get a heartbeat, and all of them the
 * same bytes: a comment line without a blank line, which glues harmlessly to the next event (WHATWG HTML 9.2.7 suggests one
 * about every 15 s).
 */
import { textBatch } from './batch.js';
import { encodeControl } from './frame.js';
import type { HubCore } from './hub-core.js';
import type { Outlet } from './outlet.js';
import { inSlices } from './slices.js';
import { withTimeout } from './snapshots.js';

const COMMENT = textBatch(':\n');
const MAX_TICK_MS = 1_000;
/** How long before its end a connection with an expiry is told, in milliseconds. */
const EXPIRING_MS = 30_000;

export class Heartbeat {
  /** Number of the current tick. */
  tick = 0;
  readonly tickMs: number;
  readonly #hub: HubCore;
  #timer: unknown;
  #sweeping = false;

  constructor(hub: HubCore) {
    this.#hub = hub;
    const { heartbeatMs, heartbeatBoundsMs } = hub.options;
    const shortest = heartbeatMs === false ? MAX_TICK_MS * 5 : Math.min(heartbeatMs, heartbeatBoundsMs[0]);
    this.tickMs = Math.max(20, Math.min(MAX_TICK_MS, Math.floor(shortest / 5)));
  }

  /** The timer runs only while there are connections. */
  start(): void {
    this.#timer ??= this.#hub.options.clock.setTimer(() => {
      this.#timer = undefined;
      this.#sweep();
    }, this.tickMs);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#hub.options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    this.tick++;
    if (this.#hub.isEmpty) return;
    this.start();
    this.#hub.reapLingering();
    if (this.#sweeping) return;
    this.#sweeping = true;
    const outlets = this.#hub.outlets[Symbol.iterator]();
    inSlices(
      this.#hub.options.clock,
      () => {
        const { value, done } = outlets.next();
        if (done) return false;
        this.#look(value);
        return true;
      },
      () => {
        this.#sweeping = false;
      },
    );
  }

  #look(outlet: Outlet): void {
    if (!outlet.isOpen) return;
    const now = this.#hub.options.clock.elapsed();
    if (outlet.transport.isServing === false) {
      outlet.end('shutdown', undefined, { retryMs: this.#hub.spreadRetryMs() });
    } else if (now >= outlet.endsAt) {
      outlet.end('age', undefined, { retryMs: this.#hub.options.retryMs });
    } else if (this.#isStuck(outlet, now)) {
      outlet.end('slow', 'took nothing for the whole stall time');
    } else if (!this.#expires(outlet)) {
      this.#beat(outlet);
    }
  }

  #beat(outlet: Outlet): void {
    const { heartbeatMs } = outlet;
    // While bytes wait a heartbeat would only wait behind them.
    if (heartbeatMs === 0 || outlet.pendingBytes > 0) return;
    if ((this.tick - outlet.lastTick) * this.tickMs < heartbeatMs) return;
    const asEvent = outlet.transport.wishes.heartbeatEvent && outlet.cursor?.control !== false;
    if (!asEvent) outlet.write(COMMENT);
    else outlet.write(textBatch(encodeControl('ping', { time: this.#hub.options.clock.now() }, outlet.cursor?.ownId)));
  }

  /** True once the socket's queue has not shrunk for `stallMs`. */
  #isStuck(outlet: Outlet, now: number): boolean {
    const { stallMs } = this.#hub.options;
    const pending = outlet.pendingBytes;
    const taken = outlet.written - pending;
    if (stallMs === false || pending === 0 || taken !== outlet.taken) {
      outlet.taken = taken;
      outlet.stuckSince = -1;
      return false;
    }
    if (outlet.stuckSince < 0) outlet.stuckSince = now;
    return now - outlet.stuckSince >= stallMs;
  }

  /** Asks again, or warns, before a connection's permission ends, and ends the connection then. */
  #expires(outlet: Outlet): boolean {
    const { connection } = outlet;
    if (connection.expiresAt === undefined) return false;
    const left = connection.expiresAt - this.#hub.options.clock.now();
    // Also where the end is no time at all.
    if (!(left > 0)) {
      outlet.end('expired', undefined, { retryMs: this.#hub.spreadRetryMs() });
      return true;
    }
    if (left <= EXPIRING_MS && connection.expiresAt !== connection.warnedFor) {
      connection.warnedFor = connection.expiresAt;
      void this.#renew(outlet, connection.expiresAt);
    }
    return false;
  }

  /** Who decides may have changed its mind meanwhile; otherwise the client is told, and may renew by itself. */
  async #renew(outlet: Outlet, at: number): Promise<void> {
    const { connection } = outlet;
    const { clock, callbackTimeoutMs } = this.#hub.options;
    const ask = () => connection.renew?.();
    // Whoever waits too long for the answer could not renew by itself any more.
    const renewed = await withTimeout(clock, callbackTimeoutMs, 'authorize', ask).catch((error) => {
      this.#hub.observers.error(error, 'authorize', connection);
    });
    if (!outlet.isOpen || connection.expiresAt !== at) return;
    if (renewed && renewed.principal === connection.principal && (renewed.expiresAt ?? Number.POSITIVE_INFINITY) > at) {
      connection.expiresAt = renewed.expiresAt;
    } else if (outlet.cursor?.control !== false) {
      outlet.write(textBatch(encodeControl('expiring', { at }, outlet.cursor?.ownId)));
    }
  }
}
