/** The demo: one hub, two sources that publish to it, two servers that serve it. */
import { createHub, type Hub, memoryStore } from '@headwater/core';
import type { DemoEvents } from './channels.js';
import { startExpress } from './express-server.js';
import { startFastify } from './fastify-server.js';
import type { DemoOptions } from './options.js';
import { RequestLog } from './request-log.js';
import type { ServerContext } from './server.js';
import { Tail } from './tail.js';
import { Telemeter } from './telemetry.js';

export interface StartOptions extends DemoOptions {
  /** Time between two samples of telemetry. Default 1000. */
  readonly intervalMs?: number;
  /** Over which clients are sent away at the end. */
  readonly drainMs: number;
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
  const { log, ownLog, host, drainMs, onError } = options;
  // Some minutes of both: whoever was away for longer gets a reset and what is left.
  const store = memoryStore({ retention: { count: 1_000 } });
  const hub = createHub<DemoEvents>({ store });
  const requests = ownLog ? new RequestLog(log, onError) : undefined;
  if (requests) hub.observe(requests.observer);

  const context = { hub, requests, log, host, ports: { express: 0, fastify: 0 } };
  const [express, fastify] = await startServers(context, options);
  const stopPublishing = startPublishing(hub, options);

  const end = async () => {
    await hub.drain({ windowMs: drainMs });
    await Promise.all([express.close(), fastify.close()]);
    await stopPublishing();
    await hub.close();
    await store.close();
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

/** The answer stops it. */
function startPublishing(hub: Hub<DemoEvents>, { log, intervalMs = 1_000, onError }: StartOptions) {
  const telemeter = new Telemeter();
  const timer = setInterval(() => {
    void hub.publish('telemetry', { event: 'telemetry', data: telemeter.sample() });
  }, intervalMs);
  const tail = new Tail(log, { onLine: (line) => hub.publish('log', { event: 'line', data: line }), onError });
  return async () => {
    clearInterval(timer);
    telemeter.close();
    await tail.close();
  };
}
