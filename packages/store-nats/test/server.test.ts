/** Which servers and streams the store takes, and what it says of the others. */
import { readFileSync } from 'node:fs';
import { Forwarder, until } from '@headwater/services';
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type NatsStoreOptions, natsStore } from '../src/index.js';
import { begin, entry, newName, open, start } from './kit.js';

async function managerOf(url: string): Promise<JetStreamManager> {
  const nc = await connect({ servers: url });
  onTestFinished(() => nc.close());
  return jetstreamManager(nc);
}

function refused(message: RegExp): object {
  return { code: 'ERR_SSE_STORE', statusCode: 503, message: expect.stringMatching(message) };
}

test('a server without JetStream is refused, and taken once it has it', async () => {
  const server = await start({ config: 'max_payload: 1MB\n' });
  const store = open({ servers: server.url });
  await expect(store.state()).rejects.toMatchObject(refused(/JetStream does not answer\. Enable it/));
});

test('an older server is refused, with what to do', async () => {
  const server = await start();
  const old = await Forwarder.to(server.port, (data) =>
    data.toString('latin1').replace(/^INFO \{.*/, (info) => info.replace(/"version":"[^"]*"/, '"version":"2.8.4"')),
  );
  onTestFinished(() => old.close());
  const store = open({ servers: `nats://127.0.0.1:${old.port}` });
  await expect(store.state()).rejects.toMatchObject(
    refused(/version 2\.8\.4, and version 2\.9 is needed\. Upgrade it/),
  );
});

test('an account without JetStream is refused', async () => {
  const config = `
    jetstream: enabled
    accounts: { with: { jetstream: enabled, users: [{ user: a, password: a }] }, without: { users: [{ user: b, password: b }] } }
  `;
  const server = await start({ config });
  const store = open({ servers: server.url, connectionOptions: { user: 'b', pass: 'b' } });
  await expect(store.state()).rejects.toMatchObject(refused(/JetStream does not answer/));
  const wrong = open({ servers: server.url, connectionOptions: { user: 'b', pass: 'wrong' } });
  await expect(wrong.state()).rejects.toMatchObject({ code: 'ERR_SSE_STORE', message: expect.stringMatching(/auth/i) });
});

test('an address at which nobody listens fails at once', async () => {
  const store = open({ servers: 'nats://127.0.0.1:1' });
  await expect(store.state()).rejects.toMatchObject({
    code: 'ERR_SSE_STORE',
    message: expect.stringMatching(/refused/),
  });
});

test('several processes that start at once make one stream', async () => {
  const { url } = await start();
  const name = newName();
  const stores = Array.from({ length: 5 }, () => open({ servers: url, name }));
  const states = await Promise.all(stores.map((store, i) => store.startEpoch(`e${i}`)));
  expect(states.map(({ epochs }) => epochs.length).sort()).toEqual([1, 2, 3, 4, 5]);
  await Promise.all(
    stores.map((store, i) =>
      store.saveCursor(`${i}`, { at: { epoch: states[0]?.epochs[0]?.epoch ?? '', seq: 0 }, time: Date.now() }),
    ),
  );
});

describe('a stream of that name is refused', () => {
  test.each([
    ['that was made for something else', { subjects: ['orders.>'] }, /has the subjects orders\.>/],
    ['that drops messages by itself', { max_age: 3_600_000_000_000 }, /drops messages by age/],
    ['that keeps a number of messages', { max_msgs: 1_000 }, /keeps 1000 messages at most/],
    ['that discards what is old', { discard: DiscardPolicy.Old }, /discards old messages/],
    ['that is a queue', { retention: RetentionPolicy.Workqueue }, /retention is workqueue/],
    ['that is in memory where it should be in files', { storage: StorageType.Memory }, /storage is memory/],
  ])('%s', async (_, config, message) => {
    const { url } = await start();
    const jsm = await managerOf(url);
    await jsm.streams.add({
      name: 'HW_LOG_headwater',
      subjects: ['hw.headwater.log'],
      discard: DiscardPolicy.New,
      ...config,
    });
    const store = open({ servers: url });
    await expect(store.state()).rejects.toMatchObject(refused(message));
  });
});

test('a stream that is full refuses what is new, keeps what it has, and goes on once there is room', async () => {
  const { url } = await start();
  const store = open({ servers: url });
  const at = await begin(store, 'e1');
  const jsm = await managerOf(url);
  await store.append([entry('a', '1')], at);
  await jsm.streams.update('HW_LOG_headwater', { max_bytes: 1_000 });
  const large = entry('a', 'x'.repeat(2_000));
  await expect(store.append([large], at)).rejects.toMatchObject({
    code: 'ERR_SSE_STORE',
    message: expect.stringMatching(/maximum bytes/),
  });
  expect((await store.read(0, undefined, 10)).entries).toHaveLength(1);
  await jsm.streams.update('HW_LOG_headwater', { max_bytes: -1 });
  const [appended] = await store.append([large], at);
  expect(appended?.seq).toBe(2);
});

test('an append that is larger than a message may be is refused by itself', async () => {
  const { url } = await start();
  const store = open({ servers: url });
  const at = await begin(store, 'e1');
  const [small, large, other] = await Promise.allSettled([
    store.append([entry('a', '1')], at),
    store.append([entry('a', 'x'.repeat(2 ** 20))], at),
    store.append([entry('a', '2')], at),
  ]);
  expect([small.status, large.status, other.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((large as PromiseRejectedResult).reason).toMatchObject({
    code: 'ERR_SSE_STORE',
    message: expect.stringMatching(/the server takes 1048576 in one message\. Raise max_payload/),
  });
  expect((await store.state()).head).toBe(2);
  // Together they are more than one message.
  const half = 'x'.repeat(600_000);
  const both = await Promise.all([store.append([entry('a', half)], at), store.append([entry('a', half)], at)]);
  expect(both.map(([one]) => one?.seq)).toEqual([3, 4]);
});

test('memory storage is warned of, once', async () => {
  const { url } = await start();
  const warnings: string[] = [];
  const store = open({ servers: url, storage: 'memory', onWarning: (message) => warnings.push(message) });
  await store.state();
  const jsm = await managerOf(url);
  await jsm.streams.delete('HW_LOG_headwater');
  await until('it is back', () => store.state());
  await store.state();
  expect(warnings).toEqual([expect.stringMatching(/in memory: all history is lost/)]);
});

test('more replicas than there are servers are refused with the server’s words', async () => {
  const { url } = await start();
  const store = open({ servers: url, replicas: 3 });
  await expect(store.state()).rejects.toMatchObject({
    code: 'ERR_SSE_STORE',
    message: expect.stringMatching(/replicas/),
  });
});

test('items are refused, and nothing is written', async () => {
  const { url } = await start();
  const store = open({ servers: url });
  const at = await begin(store, 'e1');
  const call = store.append([{ ...entry('a'), item: { id: '1', json: '{}' } }], at);
  await expect(call).rejects.toMatchObject({ code: 'ERR_SSE_STORE', message: expect.stringMatching(/items/) });
  await expect(store.loadItems('a')).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
  expect((await store.state()).head).toBe(0);
});

test.each([
  ['neither servers nor a connection', {}, /either servers or a connection/],
  ['no server', { servers: [] }, /servers must be/],
  ['a connection of another package', { connection: { request() {}, jetstream() {} } }, /not of the package nats/],
  ['what is no connection', { connection: {} }, /must be a NatsConnection/],
  ['options of a connection that is given', { connection: { request() {} }, connectionOptions: {} }, /are for servers/],
  ['a name with a dot', { servers: 'a', name: 'a.b' }, /name must be/],
  ['retention of one channel', { servers: 'a', retentionOf: () => undefined }, /retentionOf is not supported/],
  ['six replicas', { servers: 'a', replicas: 6 }, /replicas must be an integer of at least 1 and at most 5/],
  ['another storage', { servers: 'a', storage: 'disk' }, /storage must be/],
  ['no time', { servers: 'a', timeoutMs: 0 }, /timeoutMs must be/],
])('%s is an error at creation', (_, options, message) => {
  expect(() => natsStore(options as NatsStoreOptions)).toThrow(message);
});

test('a user needs no more rights than the guide says', async () => {
  const guide = readFileSync(new URL('../../../docs/guides/stores/nats.md', import.meta.url), 'utf8');
  const permissions = /(permissions: \{.*?\n {8}\})/s.exec(guide)?.[1];
  expect(permissions).toBeDefined();
  const config = `
    jetstream: { store_dir: "." }
    accounts: { a: { jetstream: enabled, users: [{ user: u, password: p, ${permissions} }] } }
  `;
  const server = await start({ config });
  const connectionOptions = { user: 'u', pass: 'p' };
  const nc = await connect({ servers: server.url, ...connectionOptions });
  onTestFinished(() => nc.close());
  const refusals: unknown[] = [];
  void (async () => {
    for await (const status of nc.status()) if (status.type === 'error') refusals.push(status.error);
  })();
  const store = open({ connection: nc, name: 'headwater', retention: { count: 10 } });
  const at = await begin(store, 'e1');
  const body = entry('a', 'x'.repeat(50_000)).body;
  for (let i = 0; i < 100; i++) await store.append([{ channel: 'a', body, time: Date.now() }], at);
  const late = open({ servers: server.url, connectionOptions });
  expect((await late.read(0, ['a'], 100)).entries.length).toBeGreaterThan(0);
  await store.saveSnapshot('a', { at: { epoch: 'e1', seq: 100 }, data: 'x', time: Date.now() });
  await store.saveCursor('a', { at: { epoch: 'e1', seq: 100 }, time: Date.now() });
  expect(await late.loadSnapshot('a')).toMatchObject({ data: 'x' });
  expect(await late.loadCursor('a')).toMatchObject({ at: { seq: 100 } });
  await store.sweep();
  await nc.flush();
  expect(refusals).toEqual([]);
});
