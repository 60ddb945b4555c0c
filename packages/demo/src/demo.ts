/** The server of the demo: one hub, and two frameworks that serve it. */
import { createHub, type Hub } from '@headwater/core';
import { collectMetrics } from '@headwater/metrics';
import { Registry } from 'prom-client';
import type { DemoEvents } from './channels.js';
import { startExpress } from './express-server.js';
import { startFastify } from './fastify-server.js';
import type { Keeper } from './keeper.js';
import { Lines } from './lines.js';
import type { DemoOptions } from './options.js';
import { RequestLog } from './request-log.js';
import type { ServerContext } from './server.js';
import { startSources } from './sources.js';
import { openStore } from './store.js';

export interface StartOptions extends DemoOptions {
  /** False where another process publishes to the same store. Default true. */
  readonly withSources?: boolean;
  /** Time between two samples of telemetry, in milliseconds. */
  readonly intervalMs?: number | undefined;
  /** Over which clients are sent away at the end. */
  readonly drainMs: number;
  readonly keeper?: Keeper | undefined;
  readonly onError: (error: unknown) => void;
}

export interface Demo {
  readonly hub: Hub<DemoEvents>;
  readonly expressUrl: string;
  readonly fastifyUrl: string;
  /** Sends the clients away, then ends everything. Idempotent. */
  close(): Promise<void>;
}

/** @throws ListenError, with nothing left running. */
export async function startDemo(options: StartOptions): Promise<Demo> {
  const { log, ownLog, host, drainMs, keeper, onError, withSources = true } = options;
  const store = openStore(options);
  const hub = createHub<DemoEvents>({ store, ...HUB_OPTIONS });
  const requests = ownLog ? new RequestLog(log, onError) : undefined;
  if (requests) hub.observe(requests.observer);
  const metrics = new Registry();
  const stopMetrics = collectMetrics(hub, { register: metrics });

  const ports = { express: 0, fastify: 0 };
  const context = { hub, store, lines: new Lines(), keeper, requests, metrics, log, host, ports };
  const closeStore = async () => {
    stopMetrics();
    await hub.close();
    await store.close();
  };
  const [express, fastify] = await startServers(context, options).catch(async (error) => {
    await closeStore();
    throw error;
  });
  const stopSources = withSources ? await startSources(hub, store, options) : undefined;

  const end = async () => {
    await hub.drain({ windowMs: drainMs });
    await Promise.all([express.close(), fastify.close()]);
    await stopSources?.();
    await closeStore();
    await requests?.close();
  };
  let ending: Promise<void> | undefined;
  return {
    hub,
    expressUrl: express.url,
    fastifyUrl: fastify.url,
    close() {
      ending ??= end();
      return ending;
    },
  };
}

const HUB_OPTIONS = {
  // Whoever cuts the line wants to see it mended.
  retryMs: 500,
  // A page that was slowed down on purpose stays: how long is up to who did it.
  stallMs: false,
} as const;

/** Both or none. */
async function startServers(context: ServerContext, { port, fastifyPort }: DemoOptions) {
  const express = await startExpress(context, port);
  try {
    return [express, await startFastify(context, fastifyPort)] as const;
  } catch (error) {
    await express.close();
    throw error;
  }
}
