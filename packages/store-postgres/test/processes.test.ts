import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Recorder } from '@headwater/conformance';
import { contest, until } from '@headwater/services';
import { expect, onTestFinished, test } from 'vitest';
import { publishIn } from '../src/index.js';
import { useChildren } from './children.js';
import { begin, dropLog, newName, openStore, textOf, usePostgres } from './kit.js';

const { url, admin } = await usePostgres();
const pathOf = useChildren('publisher', 'follower');

const ENV = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };

test('processes that publish at once see one log, dense and in one order, whatever their clocks say', async () => {
  const log = newName();
  onTestFinished(() => dropLog(admin, log));
  const own = 500;
  // Four of five transactions of each.
  const texts = await contest({ script: pathOf('publisher'), url, log, own, more: 3 * own * 0.8 });
  const committed = Array.from({ length: own }, (_, i) => i).filter((i) => Math.floor(i / 10) % 5 !== 4);
  for (const name of ['x', 'y', 'z']) {
    const theirs = texts.filter((text) => text.startsWith(`data: ${name}`));
    expect(theirs).toEqual(committed.map((i) => `data: ${name} ${i}\n`));
  }
});

test('when the process that moves the outbox is killed, or frozen, another one goes on at once', async () => {
  const log = newName();
  onTestFinished(() => dropLog(admin, log));
  const keeper = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [pathOf('follower'), url, log], {
      env: ENV,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout!, 'data');
    return child;
  };
  const [killed, frozen] = [await keeper(), await keeper()];
  const store = openStore({ connectionString: url, name: log });
  const follower = await Recorder.of(store, await begin(store, 'e1'));
  let published = 0;
  const publishSome = async () => {
    for (let i = 0; i < 20; i++) await publishIn(admin, 'a', `${++published}`, { name: log });
  };
  const areThere = async () => {
    const begun = performance.now();
    await until('all have come', () => follower.seen.length === published);
    return performance.now() - begun;
  };
  await publishSome();
  await areThere();
  frozen.kill('SIGSTOP');
  await publishSome();
  expect(await areThere()).toBeLessThan(1_500);
  await publishSome();
  killed.kill('SIGKILL');
  await publishSome();
  expect(await areThere()).toBeLessThan(1_500);
  // Each once, and each caller's in order.
  expect(follower.seen.map(textOf)).toEqual(Array.from({ length: published }, (_, i) => `data: ${i + 1}\n`));
});

test('a process that is frozen while it is the one that sweeps keeps nobody from it', async () => {
  const log = newName();
  onTestFinished(() => dropLog(admin, log));
  const child = spawn(process.execPath, [pathOf('follower'), url, log], {
    env: ENV,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  await until(
    'it sweeps',
    async () => (await admin.query('select from headwater.sweeps where log = $1', [log])).rowCount,
  );
  child.kill('SIGSTOP');
  const store = openStore({ connectionString: url, name: log, retention: { ageMs: 100 } });
  const at = await begin(store, 'e1');
  await store.append([{ channel: 'a', body: Buffer.from('x'), time: Date.now() }], at);
  await until('it is trimmed', async () => (await store.read(0, ['a'], 1)).floors.get('a') === 1);
});

test('without any process what is published waits in the outbox, and is moved by the first one that comes', async () => {
  const log = newName();
  onTestFinished(() => dropLog(admin, log));
  await openStore({ connectionString: url, name: log }).state();
  for (let i = 1; i <= 3; i++) await publishIn(admin, 'a', `${i}`, { name: log });
  const store = openStore({ connectionString: url, name: log });
  expect((await store.state()).head).toBe(0);
  const follower = await Recorder.of(store, await begin(store, 'e1'));
  await until('all have come', () => follower.seen.length === 3);
  expect(follower.seen.map(textOf)).toEqual([1, 2, 3].map((i) => `data: ${i}\n`));
});
