import { rmSync } from 'node:fs';
import { storeSuite } from '@headwater/conformance';
import { startNats } from '@headwater/services';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, describe, test } from 'vitest';
import { type NatsStore, type NatsStoreOptions, natsStore } from '../src/index.js';
import { copyFiles, restoreFiles } from './kit.js';

const server = await startNats();
afterAll(() => server.stop());

/** Runs the whole contract. */
function conforms(options: () => Pick<NatsStoreOptions, 'servers' | 'connection'>): void {
  const copies: string[] = [];
  afterAll(() => {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  });
  storeSuite({
    test,
    skip: test.skip,
    supports: {
      durable: true,
      shared: true,
      prev: true,
      retentionPerChannel: false,
      snapshots: true,
      items: false,
      cursors: true,
    },
    factory: ({ name, clock, retention }) => natsStore({ ...options(), name, clock, retention, onWarning: () => {} }),
    sweep: (store) => (store as NatsStore).sweep(),
    checkpoint: () => copies.push(copyFiles(server)),
    rollback: () => restoreFiles(server, copies.at(-1) as string),
    cleanup: async ({ name }) => {
      const nc = await connect({ servers: server.url });
      const jsm = await jetstreamManager(nc);
      for (const stream of [`HW_LOG_${name}`, `HW_KEPT_${name}`]) await jsm.streams.delete(stream).catch(() => {});
      await nc.close();
    },
    patienceMs: 5_000,
  });
}

describe('natsStore by servers', () => {
  conforms(() => ({ servers: server.url }));
});

describe('natsStore by a connection of the application', async () => {
  const connection = await connect({
    servers: server.url,
    timeout: 500,
    reconnectTimeWait: 20,
    maxReconnectAttempts: -1,
  });
  afterAll(() => connection.close());
  conforms(() => ({ connection }));
});
