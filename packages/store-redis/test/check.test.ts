import { readFileSync } from 'node:fs';
import { hasCode, newEpoch } from '@headwater/core';
import { Forwarder, startRedis } from '@headwater/services';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { redisStore } from '../src/index.js';
import { newName } from './kit.js';

/** Starts an epoch on a server that was started with `args`; returns what was said of it. */
async function tryServer(...args: string[]): Promise<{ warnings: string[]; error: Error | undefined }> {
  const server = await startRedis({ args });
  onTestFinished(() => server.stop());
  return tryUrl(server.url);
}

async function tryUrl(url: string): Promise<{ warnings: string[]; error: Error | undefined }> {
  const warnings: string[] = [];
  const store = redisStore({ url, name: newName(), onWarning: (message) => warnings.push(message) });
  onTestFinished(() => store.close());
  let error: Error | undefined;
  await store.startEpoch(newEpoch()).catch((reason: Error) => {
    error = reason;
  });
  return { warnings, error };
}

test('a server with noeviction and an append-only file is taken without a word', async () => {
  const said = await tryServer('--appendonly', 'yes', '--maxmemory', '100mb', '--maxmemory-policy', 'noeviction');
  expect(said).toEqual({ warnings: [], error: undefined });
});

test('a server with save points is taken without a word, and one that may evict anything too as long as it has no limit', async () => {
  const said = await tryServer('--save', '3600 1', '--maxmemory-policy', 'allkeys-lru');
  expect(said).toEqual({ warnings: [], error: undefined });
});

test('a server that drops any key under pressure is refused', async () => {
  const { error } = await tryServer('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
  expect(error).toMatchObject({ code: 'ERR_SSE_STORE', statusCode: 503 });
  expect(error?.message).toMatch(/allkeys-lru.*Set maxmemory-policy to noeviction/);
});

test('a server that drops expiring keys under pressure is warned of', async () => {
  const said = await tryServer('--appendonly', 'yes', '--maxmemory', '100mb', '--maxmemory-policy', 'volatile-ttl');
  expect(said.error).toBeUndefined();
  expect(said.warnings).toEqual([expect.stringContaining('volatile-ttl')]);
});

test('a server without persistence is warned of, once for each store', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const warnings: string[] = [];
  const store = redisStore({ url: server.url, onWarning: (message) => warnings.push(message) });
  onTestFinished(() => store.close());
  await store.startEpoch('e1');
  await server.restart();
  await expect.poll(() => store.startEpoch('e2').catch(() => undefined)).toBeDefined();
  expect(warnings).toEqual([expect.stringContaining('Set appendonly to yes')]);
});

test('without onWarning a warning is the process’s, with a type of its own', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const store = redisStore({ url: server.url });
  onTestFinished(() => store.close());
  await store.startEpoch('e1');
  expect(await warned).toMatchObject({ name: 'HeadwaterWarning', message: expect.stringContaining('appendonly') });
});

test('a replica is refused, and taken once it has become the primary', async () => {
  const primary = await startRedis();
  onTestFinished(() => primary.stop());
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(primary.port)] });
  onTestFinished(() => replica.stop());
  const store = redisStore({ url: replica.url, onWarning: () => {} });
  onTestFinished(() => store.close());
  const refused = await store.startEpoch('e1').catch((error: Error) => error);
  expect(hasCode(refused, 'ERR_SSE_STORE')).toBe(true);
  expect((refused as Error).message).toMatch(/is a replica/);
  const admin = new Redis(replica.url);
  onTestFinished(() => admin.disconnect());
  await admin.replicaof('NO', 'ONE');
  await expect.poll(() => store.startEpoch('e1').catch(() => undefined), { timeout: 10_000 }).toBeDefined();
});

test('a server that becomes a replica is given up with the first write that it refuses', async () => {
  const [primary, server] = [await startRedis(), await startRedis()];
  onTestFinished(() => primary.stop());
  onTestFinished(() => server.stop());
  const store = redisStore({ url: server.url, onWarning: () => {} });
  onTestFinished(() => store.close());
  await store.startEpoch('e1');
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  await admin.replicaof('127.0.0.1', primary.port);
  await expect(store.startEpoch('e2')).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
  await expect.poll(() => store.state().catch((error: Error) => error.message)).toMatch(/is a replica/);
});

test('a server that forbids CONFIG is taken, as managed ones are', async () => {
  const said = await tryServer('--appendonly', 'yes', '--rename-command', 'CONFIG', '');
  expect(said).toEqual({ warnings: [], error: undefined });
  const unsaved = await tryServer('--rename-command', 'CONFIG', '');
  expect(unsaved.error).toBeUndefined();
});

test('a user who may use neither CONFIG nor INFO is no reason to refuse the server', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  await admin.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~hw:*', '+@all', '-@dangerous');
  const said = await tryUrl(server.url.replace('//', '//app:secret@'));
  expect(said).toEqual({ warnings: [], error: undefined });
});

test('a user with the rights of the guide may do all that the store does', async () => {
  const server = await startRedis({ args: ['--appendonly', 'yes'] });
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const guide = readFileSync(new URL('../../../docs/guides/stores/redis.md', import.meta.url), 'utf8');
  const [, rights = ''] = /^ACL SETUSER headwater (.*)$/m.exec(guide) ?? [];
  await admin.call('ACL', 'SETUSER', 'headwater', ...rights.split(' '));
  const store = redisStore({ url: server.url.replace('//', '//headwater:secret@') });
  onTestFinished(() => store.close());
  await store.startEpoch('e1');
  const at = { epoch: 'e1', seq: 0 };
  const tail = await store.tail(at, { entries: () => {}, lost: () => {} });
  const item = { id: '1', json: '{}' };
  await store.append([{ channel: 'a', body: Buffer.from('x'), time: Date.now(), key: 'k', item }], at);
  await store.saveSnapshot('a', { at, data: '', time: Date.now() });
  await store.saveCursor('c', { at, time: Date.now() });
  await store.sweep();
  expect((await store.read(0, undefined, 10)).entries).toHaveLength(1);
  expect(await store.loadSnapshot('a')).toBeDefined();
  expect(await store.loadCursor('c')).toBeDefined();
  expect((await store.loadItems('a'))?.items.size).toBe(1);
  tail.stop();
});

test('a primary that must not write alone refuses to append until it has its replica', async () => {
  const primary = await startRedis({ args: ['--min-replicas-to-write', '1', '--repl-diskless-sync-delay', '0'] });
  onTestFinished(() => primary.stop());
  const store = redisStore({ url: primary.url, onWarning: () => {} });
  onTestFinished(() => store.close());
  const refused = await store.startEpoch('e1').catch((error: Error) => error);
  expect(refused).toMatchObject({ code: 'ERR_SSE_STORE', message: expect.stringMatching(/NOREPLICAS/) });
  expect(await store.state()).toEqual({ head: 0, epochs: [] });
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(primary.port)] });
  onTestFinished(() => replica.stop());
  await expect.poll(() => store.startEpoch('e1').catch(() => undefined), { timeout: 10_000 }).toBeDefined();
});

test('a server that wants a password is an error that says so', async () => {
  const { error } = await tryServer('--requirepass', 'secret');
  expect(error).toMatchObject({ code: 'ERR_SSE_STORE', message: expect.stringMatching(/NOAUTH|authenticat/i) });
});

test('an older server is refused, with what to do', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  // As many bytes as there were: the answer begins with its length.
  const old = await Forwarder.to(server.port, (data) =>
    data.toString('latin1').replace(/redis_version:\S+\r\n\w+:/, (all) => {
      const [, next = ''] = all.split('\r\n');
      return `redis_version:6.2.14\r\n${next}`.padEnd(all.length, ' ');
    }),
  );
  onTestFinished(() => old.close());
  const { error } = await tryUrl(`redis://127.0.0.1:${old.port}`);
  expect(error).toMatchObject({ code: 'ERR_SSE_STORE' });
  expect(error?.message).toMatch(/version 6\.2\.14, and version 7 is needed/);
});

test('a server that is not there is an error that names its address', async () => {
  const { error } = await tryUrl('redis://127.0.0.1:1');
  expect(error).toMatchObject({
    code: 'ERR_SSE_STORE',
    message: expect.stringMatching(/ECONNREFUSED.*127\.0\.0\.1:1/),
  });
});
