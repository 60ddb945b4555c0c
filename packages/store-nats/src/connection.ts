/** Connections: one of the store's own, made once for each session, or the application's, which is never closed here. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsConfig } from './options.js';

export interface Connected {
  readonly nc: NatsConnection;
  /** Lets go of it, at once. */
  release(): void;
}

/** Begins to use a connection; `lost` is called, at least once, where it ends or is interrupted by itself. */
export async function connectTo(config: NatsConfig, lost: (error: Error) => void): Promise<Connected> {
  return config.connection ? borrow(config.connection, config.timeoutMs, lost) : open(config, lost);
}

async function open(
  { servers, connectionOptions, timeoutMs }: NatsConfig,
  lost: (error: Error) => void,
): Promise<Connected> {
  const nc = await connect({
    name: 'headwater',
    noAsyncTraces: true,
    ...connectionOptions,
    servers: [...(servers ?? [])],
    timeout: timeoutMs,
    // A connection that comes back by itself sends what was written to the old one, to a log that may be another by then.
    reconnect: false,
    waitOnFirstConnect: false,
  });
  void nc.closed().then((error) => lost(error ?? new Error('the connection was closed')));
  return { nc, release: () => void nc.close().catch(() => {}) };
}

async function borrow(nc: NatsConnection, timeoutMs: number, lost: (error: Error) => void): Promise<Connected> {
  if (nc.isClosed()) throw new Error('the connection given is closed');
  // Fails at once where it is interrupted: a request would be sent whenever it comes back.
  await within(timeoutMs, nc.rtt());
  const statuses = nc.status();
  void (async () => {
    for await (const { type } of statuses) {
      if (type === 'disconnect' || type === 'staleConnection' || type === 'close') {
        lost(new Error('the connection given was interrupted'));
      }
    }
  })();
  void nc.closed().then(() => lost(new Error('the connection given was closed')));
  return { nc, release: () => (statuses as unknown as { stop?: () => void }).stop?.() };
}

async function within(ms: number, answer: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the server has not answered for ${ms} ms`)), ms).unref();
  });
  await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
