/** Metrics: a hub's observer that counts, and gauges that look at the hub when they are scraped. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AnyHub, Connection, HubStats, Observer } from '@headwater/core';
import { register as defaultRegistry, type Gauge, type Registry } from 'prom-client';
import { createInstruments, type Instruments } from './instruments.js';
import { refusalOf } from './labels.js';

/** Options of `collectMetrics`. */
export interface MetricsOptions {
  /** Where the metrics are registered. Default: prom-client's own registry. */
  readonly register?: Registry | undefined;
  /** Before every name. Default `sse_`. Several hubs of one process need one each, or a registry each. */
  readonly prefix?: string | undefined;
}

/** Resolution of the event loop's monitor, in milliseconds. */
const LOOP_MS = 10;

/**
 * Counts what happens in `hub`. Returns what ends it, and takes the metrics out of the registry.
 * @throws Error where the registry has metrics of these names already. TypeError for a prefix that no metric can have.
 * @example
 * collectMetrics(hub);
 * app.get('/metrics', metricsHandler());
 */
export function collectMetrics(hub: AnyHub, options: MetricsOptions = {}): () => void {
  const { register = defaultRegistry, prefix = 'sse_' } = options;
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix)) throw new TypeError(`prefix cannot be ${JSON.stringify(prefix)}`);
  const instruments = createInstruments({ register, prefix });
  const loop = monitorEventLoopDelay({ resolution: LOOP_MS });
  loop.enable();
  look(hub, instruments, () => {
    const lag = Math.max(0, loop.percentile(99) / 1e9 - LOOP_MS / 1e3);
    loop.reset();
    return lag;
  });
  const unobserve = hub.observe(count(instruments));
  return () => {
    unobserve();
    loop.disable();
    for (const { name } of Object.values(instruments) as { name: string }[]) register.removeSingleMetric(name);
  };
}

/** One look at the hub for each scrape: the first gauge that is asked fills all of them. */
function look(hub: AnyHub, instruments: Instruments, loopLag: () => number): void {
  Object.assign(instruments.connections, {
    collect: () => {
      for (const [name, value] of Object.entries(hub.stats())) {
        // A newer core may count what this package does not know.
        const gauge: Gauge | undefined = instruments[name as keyof HubStats];
        gauge?.set(value);
      }
      instruments.ready.set(hub.health().ready ? 1 : 0);
      instruments.loopLag.set(loopLag());
    },
  });
}

function count(to: Instruments): Observer {
  /** When a connection that is behind found its place. */
  const behindSince = new WeakMap<Connection, number>();
  return {
    opened: () => to.opened.inc(),
    closed: (_, { reason, durationMs }) => {
      to.closed.inc({ reason });
      to.duration.observe(durationMs / 1e3);
    },
    refused: (_, why) => to.refused.inc({ reason: refusalOf(why) }),
    denied: ({ why }) => to.denied.inc({ why }),
    resumed: (connection, { resume, behind }) => {
      to.resumes.inc({ resume });
      if (resume === 'resumed') to.resumeBehind.observe(behind);
      behindSince.set(connection, performance.now());
    },
    live: (connection) => {
      const since = behindSince.get(connection);
      if (since === undefined) return;
      behindSince.delete(connection);
      to.catchUp.observe((performance.now() - since) / 1e3);
    },
    replayed: (_, { frames, bytes }) => {
      to.replayed.inc(frames);
      to.replayedBytes.inc(bytes);
    },
    reset: (_, { reason }) => to.resets.inc({ reason }),
    lagged: (connection) => {
      behindSince.set(connection, performance.now());
      to.lagged.inc();
    },
    published: ({ bytes, duplicate }) => {
      if (duplicate) return to.duplicates.inc();
      to.published.inc();
      to.publishedBytes.inc(bytes);
    },
    flushed: ({ events, bytes, holdMs, lagMs }) => {
      to.delivered.inc(events);
      to.deliveredBytes.inc(bytes);
      to.deliveryLag.observe(lagMs / 1e3);
      to.flushHold.observe(holdMs / 1e3);
    },
    snapshot: ({ from, found, failed, durationMs }) => {
      to.snapshots.inc({ from, outcome: failed ? 'failed' : found ? 'found' : 'none' });
      to.snapshotTime.observe({ from }, durationMs / 1e3);
    },
    refilled: () => to.refills.inc(),
    rolledBack: () => to.rollbacks.inc(),
    error: (_, source) => to.errors.inc({ source }),
  };
}
