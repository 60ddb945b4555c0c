import type { NewEntry, Position } from '@headwater/core';
import { until } from '@headwater/services';
import { createCluster } from 'redis';
import { expect, onTestFinished, test } from 'vitest';
import { redisStore } from '../src/index.js';
import { dropLog, keysOf, newName, useRedis } from './kit.js';

// A cluster of one, which refuses whatever would not be in one slot.
const { url, redis } = await useRedis(['--cluster-enabled', 'yes']);
await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
await until('the cluster is formed', async () => (await redis.cluster('INFO')).includes('cluster_state:ok'));

const beginning: Position = { epoch: 'e1', seq: 0 };

function open(name: string) {
  const store = redisStore({ url, name, onWarning: () => {} });
  onTestFinished(async () => {
    await store.close();
    await dropLog(redis, name);
  });
  return store;
}

const entry = (channel: string, text = channel): NewEntry => ({
  channel,
  body: Buffer.from(text),
  time: Date.now(),
  key: 'key',
  item: { id: 'id', json: JSON.stringify(text) },
});

/** Printable ASCII, and among it what means something to a server, a pattern or a script. */
function oddNames(count: number): string[] {
  const pieces = [
    ':',
    '{',
    '}',
    '*',
    '?',
    '[',
    ']',
    '\\',
    '%',
    '%s',
    '%5$n',
    ' ',
    '  ',
    "'",
    '"',
    ';',
    '--',
    '>',
    '-',
    'a',
    'b',
    'c:',
    'k:1:',
    'log',
    'feed',
    'head',
    'epoch',
    '0',
  ];
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const names = new Set<string>();
  while (names.size < count) {
    const length = 1 + random(6);
    names.add(Array.from({ length }, () => pieces[random(pieces.length)]).join(''));
  }
  return [...names];
}

test('channels of any name are kept apart, with their keys, items and snapshots, and all keys have the log’s hash tag', async () => {
  const name = newName();
  const store = open(name);
  await store.startEpoch('e1');
  const names = [...oddNames(300), '~'.repeat(200), 'sse control', '__proto__'];
  for (const channel of names) {
    const [appended] = await store.append([entry(channel)], beginning);
    expect(appended?.duplicate).toBe(false);
    await store.saveSnapshot(channel, { at: beginning, data: channel, time: Date.now() });
  }
  await store.append(
    names.map((channel) => ({ ...entry(channel, 'second'), key: undefined })),
    beginning,
  );
  for (const [i, channel] of names.entries()) {
    const { entries } = await store.read(0, [channel], 10);
    expect(entries.map(({ seq, channel: of, body }) => [seq, of, String(body)])).toEqual([
      [i + 1, channel, channel],
      [names.length + i + 1, channel, 'second'],
    ]);
    expect((await store.loadItems(channel))?.items).toEqual(new Map([['id', '"second"']]));
    expect((await store.loadSnapshot(channel))?.data).toBe(channel);
  }
  const all = await store.read(0, undefined, 10_000);
  expect(all.entries.map(({ channel }) => channel)).toEqual([...names, ...names]);
  const slot = await redis.cluster('KEYSLOT', `{${name}}`);
  const keys = await keysOf(redis, name);
  expect(keys.length).toBeGreaterThan(4 * names.length);
  for (const key of keys) expect(await redis.cluster('KEYSLOT', key.toString('latin1'))).toBe(slot);
});

test('hubs of different names in one database do not see each other', async () => {
  const base = newName();
  const stores = [open(base), open(`${base}.2`), open(`${base}-c`)];
  for (const store of stores) await store.startEpoch('e1');
  for (const [i, store] of stores.entries())
    await store.append(
      Array(i + 1)
        .fill(0)
        .map((_, n) => ({ ...entry('a'), key: `${n}` })),
      beginning,
    );
  for (const [i, store] of stores.entries()) expect((await store.state()).head).toBe(i + 1);
});

test('wrong options are refused at once', () => {
  for (const options of [
    {},
    { url, client: redis },
    { url: 'http://localhost' },
    { url, onWarning: 'x' },
    { url, name: 'a b' },
    { url, name: '' },
    { url, name: '{a}' },
    { client: {} },
    { client: createCluster({ rootNodes: [] }) },
  ]) {
    expect(() => redisStore(options as never)).toThrow(TypeError);
  }
  for (const options of [{ feedLength: 0 }, { feedLength: 1.5 }, { timeoutMs: -1 }, { retention: { count: -1 } }]) {
    expect(() => redisStore({ url, ...options })).toThrow(RangeError);
  }
});
