/** The contract on a cluster of three, by a client that knows where its nodes are. */
import { storeSuite } from '@headwater/conformance';
import { freePort, startRedis, until } from '@headwater/services';
import { Cluster, Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { type RedisStore, redisStore } from '../src/index.js';
import { type Copy, copyLog, restoreLog } from './kit.js';

// By default the nodes talk at port + 10,000, which somebody else may have.
const busPorts = await Promise.all([freePort(), freePort(), freePort()]);
const servers = await Promise.all(
  busPorts.map((port) => startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', String(port)] })),
);
const admins = servers.map(({ url }) => new Redis(url));
const [first] = admins as [Redis];
const ranges = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
];
for (const [i, admin] of admins.entries()) {
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', ...(ranges[i] as number[]).map(String));
  if (i > 0) await first.call('CLUSTER', 'MEET', '127.0.0.1', String(servers[i]?.port), String(busPorts[i]));
}
for (const admin of admins) {
  await until('the cluster is formed', async () => {
    const info = await admin.cluster('INFO');
    return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
  });
}
const client = new Cluster([{ host: '127.0.0.1', port: servers[0]?.port as number }], { lazyConnect: true });

afterAll(async () => {
  for (const admin of admins) admin.disconnect();
  await Promise.all(servers.map((server) => server.stop()));
});

/** The node that has the log's hash slot. */
async function nodeOf(name: string): Promise<Redis> {
  const slot = await first.cluster('KEYSLOT', `{${name}}`);
  return admins[ranges.findIndex(([, end = 0]) => slot <= end)] as Redis;
}

const names = new Map<object, string>();
const copies = new Map<string, Copy>();
const nameOf = (store: object) => names.get(store) as string;

storeSuite({
  test,
  skip: (name) => test(name, () => expect.fail('nothing is to be skipped')),
  supports: {
    durable: true,
    shared: true,
    prev: true,
    retentionPerChannel: true,
    snapshots: true,
    items: true,
    cursors: true,
  },
  factory: ({ name, clock, retention }) => {
    const store = redisStore({ client, name, clock, retention, onWarning: () => {} });
    names.set(store, name);
    return store;
  },
  sweep: (store) => (store as RedisStore).sweep(),
  checkpoint: async (store) => {
    const name = nameOf(store);
    copies.set(name, await copyLog(await nodeOf(name), name));
  },
  rollback: async (store) => {
    const name = nameOf(store);
    await restoreLog(await nodeOf(name), name, copies.get(name) as Copy);
  },
  patienceMs: 5_000,
});

test('the logs of the suite are spread over all nodes', async () => {
  for (const admin of admins) expect(await admin.dbsize()).toBeGreaterThan(0);
});
