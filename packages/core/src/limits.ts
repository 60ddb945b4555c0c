/** Admission: who may open a stream. Never evicts to admit: who is here stays. */
import type { ResolvedOptions } from './options.js';
import type { Outlet } from './outlet.js';
import { Rate } from './rate.js';

export class Admission {
  readonly #options: ResolvedOptions;
  readonly #clients = new Map<string, number>();
  readonly #admitted = new Map<Outlet, string | undefined>();
  readonly #rate: Rate | undefined;
  /** Set while the hub drains: probes are told to send nobody. */
  leaving = false;
  /** Set while the hub lets nobody in any more. */
  draining = false;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    const { maxConnectsPerSecond, clock } = options;
    this.#rate = maxConnectsPerSecond === false ? undefined : new Rate(maxConnectsPerSecond, clock);
  }

  /** Places taken. */
  get size(): number {
    return this.#admitted.size;
  }

  /** Why `outlet` may not open; undefined where it may, and is counted from now on until `release`. */
  refuse(outlet: Outlet): string | undefined {
    if (this.draining) return 'shutting down';
    const { maxConnections, maxConnectionsPerClient } = this.#options;
    if (maxConnections !== false && this.#admitted.size >= maxConnections) return 'too many connections';
    const client = maxConnectionsPerClient === false ? undefined : outlet.transport.clientKey;
    if (client !== undefined && maxConnectionsPerClient !== false) {
      const count = this.#clients.get(client) ?? 0;
      if (count >= maxConnectionsPerClient) return 'too many connections of this client';
    }
    if (this.#rate && !this.#rate.take()) return 'too many new connections';
    if (client !== undefined) this.#clients.set(client, (this.#clients.get(client) ?? 0) + 1);
    this.#admitted.set(outlet, client);
    return undefined;
  }

  release(outlet: Outlet): void {
    const client = this.#admitted.get(outlet);
    if (!this.#admitted.delete(outlet) || client === undefined) return;
    const count = (this.#clients.get(client) ?? 1) - 1;
    if (count > 0) this.#clients.set(client, count);
    else this.#clients.delete(client);
  }
}
