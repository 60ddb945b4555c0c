/** What the tests share: servers, a client that looks behind the store's back, and copies of a server's files. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NewEntry, type Position, systemClock } from '@headwater/core';
import { type NatsServer, type NatsServerOptions, startNats } from '@headwater/services';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { type NatsStore, type NatsStoreOptions, natsStore } from '../src/index.js';

/** A server for one test. */
export async function start(options?: NatsServerOptions): Promise<NatsServer> {
  const server = await startNats(options);
  onTestFinished(() => server.stop());
  return server;
}

/** Any server with JetStream, for tests that leave it alone: that of NATS_URL, or one of their own. */
export async function serve(): Promise<{ readonly url: string }> {
  const url = process.env.NATS_URL;
  if (!url) return start();
  onTestFinished(async () => {
    const nc = await connect({ servers: url });
    const { streams } = await jetstreamManager(nc);
    for await (const stream of streams.names()) if (stream.includes(`_${PREFIX}`)) await streams.delete(stream);
    await nc.close();
  });
  return { url };
}

/** A store for one test. */
export function open(options: NatsStoreOptions): NatsStore {
  const store = natsStore({ onWarning: () => {}, ...options });
  onTestFinished(() => store.close());
  return store;
}

export function entry(channel: string, text = 'x', key?: string): NewEntry {
  return { channel, body: Buffer.from(`data: ${text}\n`), time: systemClock.now(), key };
}

/** Where the hub would stand. */
export async function begin(store: NatsStore, epoch: string): Promise<Position> {
  const { head, epochs } = await store.startEpoch(epoch);
  return { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? epoch, seq: head };
}

/** A name that no log had before. */
export function newName(): string {
  return `${PREFIX}${(++names).toString(36)}`;
}

const PREFIX = `test-${process.pid.toString(36)}-${Date.now().toString(36)}-`;
let names = 0;

/** All files of a server's JetStream, as a backup has them that was made while it runs. */
export function copyFiles(server: NatsServer): string {
  const copy = mkdtempSync(join(tmpdir(), 'headwater-nats-copy-'));
  cpSync(join(server.dir, 'jetstream'), copy, { recursive: true });
  return copy;
}

/** Puts the copy in the place of the server's files, with a crash before it. */
export async function restoreFiles(server: NatsServer, copy: string): Promise<void> {
  await server.kill();
  rmSync(join(server.dir, 'jetstream'), { recursive: true, force: true });
  cpSync(copy, join(server.dir, 'jetstream'), { recursive: true });
  await server.restart();
}
