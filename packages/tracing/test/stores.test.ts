/** A message's trace context is part of what a store keeps: it comes back in another process, and is on no wire. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore, type Store } from '@headwater/core';
import { type PostgresServer, startNats, startPostgres, startRedis } from '@headwater/services';
import { lmdbStore } from '@headwater/store-lmdb';
import { natsStore } from '@headwater/store-nats';
import { postgresStore, publishIn } from '@headwater/store-postgres';
import { redisStore } from '@headwater/store-redis';
import { context, createTraceState, trace } from '@opentelemetry/api';
import pg from 'pg';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { activeTraceContext } from '../src/index.js';
import { ask, idsOf, linksOf, readUntil, serve, tracedHub, useSdk } from './kit.js';

const spans = useSdk();

/** A store and how another process would open it. */
type Open = () => Promise<() => Store>;

const shared: Open = async () => {
  const store = memoryStore();
  return () => store;
};

const STORES: Readonly<Record<string, Open>> = {
  memory: shared,
  async lmdb() {
    const path = mkdtempSync(join(tmpdir(), 'headwater-tracing-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return () => lmdbStore({ path });
  },
  async redis() {
    const server = await startRedis();
    afterAll(() => server.stop());
    return () => redisStore({ url: server.url, onWarning: () => {} });
  },
  async nats() {
    const server = await startNats();
    afterAll(() => server.stop());
    return () => natsStore({ servers: server.url, onWarning: () => {} });
  },
  async postgres() {
    const { url } = await usePostgres();
    return () => postgresStore({ connectionString: url, onWarning: () => {} });
  },
};

let postgres: Promise<PostgresServer> | undefined;

/** One for all tests of the file. */
function usePostgres(): Promise<PostgresServer> {
  postgres ??= startPostgres();
  return postgres;
}

afterAll(async () => {
  await (await postgres)?.stop();
});

/** As a request's handler, whose client belongs to a trace with the word of a vendor. */
function within<T>(call: () => T): T {
  const traceState = createTraceState('vendor=1');
  const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, traceState, isRemote: true };
  return context.with(trace.setSpanContext(context.active(), parent), call);
}

test.each(Object.entries(STORES))('%s keeps it, live and for who comes later', async (_name, make) => {
  const before = { attach: spans.named('sse attach').length, deliver: spans.named('sse deliver').length };
  const open = await make();
  const opened = new Set<Store>();
  const hubOver = (store: Store) => {
    opened.add(store);
    return tracedHub(spans, { store, regionOf: (channel) => (channel.startsWith('eu.') ? 'eu' : undefined) });
  };
  onTestFinished(async () => {
    for (const store of opened) await store.close();
  });
  const publisher = hubOver(open());
  const server = hubOver(open());
  const url = await serve('express', server);
  const { id } = await publisher.publish('news', 'first');
  const live = await ask(`${url}/events?channel=news`, { 'last-event-id': id });
  await spans.nth('sse attach', before.attach + 1);
  const { id: second } = await within(() => publisher.publish('news', 'second'));
  const publish = spans.named('sse publish').find(({ attributes }) => attributes['messaging.message.id'] === second);
  const deliver = await spans.nth('sse deliver', before.deliver + 1);
  expect(linksOf(deliver)).toEqual([publish && idsOf(publish)]);
  expect(await readUntil(live, 'second')).not.toContain('%');
  const late = hubOver(open());
  const response = await ask(`${await serve('fastify', late)}/events?channel=news`, { 'last-event-id': id });
  expect(await readUntil(response, 'second')).not.toContain('%');
  const attach = await spans.nth('sse attach', before.attach + 2);
  expect(linksOf(attach)).toEqual([publish && idsOf(publish)]);
  expect(attach.links[0]?.context).toMatchObject({ isRemote: true, traceFlags: 1 });
  expect(attach.links[0]?.context.traceState?.serialize()).toBe('vendor=1');
});

test('what is published within a transaction of PostgreSQL carries the context that it is given', async () => {
  const { url: connectionString } = await usePostgres();
  const store = postgresStore({ connectionString, name: 'orders', onWarning: () => {} });
  const hub = tracedHub(spans, { store });
  const client = new pg.Client({ connectionString });
  onTestFinished(async () => {
    await client.end();
    await hub.close();
    await store.close();
  });
  await client.connect();
  const { id } = await hub.publish('orders', 'first');
  const before = { attach: spans.named('sse attach').length, deliver: spans.named('sse deliver').length };
  const live = await ask(`${await serve('express', hub)}/events?channel=orders`, { 'last-event-id': id });
  await spans.nth('sse attach', before.attach + 1);
  await within(() => publishIn(client, 'orders', 'paid', { name: 'orders', trace: activeTraceContext() }));
  expect(await readUntil(live, 'paid')).not.toContain('%');
  expect(linksOf(await spans.nth('sse deliver', before.deliver + 1))).toEqual([['a'.repeat(32), 'b'.repeat(16)]]);
});
