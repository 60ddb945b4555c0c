import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { type RedisServer, startRedis } from '../src/index.js';

/** One command and its answer; undefined where the server cannot be reached. */
function ask({ port }: RedisServer, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setEncoding('utf8');
    socket.once('data', (answer: string) => {
      resolve(answer);
      socket.destroy();
    });
    socket.once('error', () => resolve(undefined));
  });
}

afterEach(() => {
  delete process.env.HEADWATER_REDIS_SERVER;
});

test('a server answers as soon as it is started, is its own, and leaves nothing behind', async () => {
  const [one, other] = [await startRedis(), await startRedis()];
  onTestFinished(() => other.stop());
  expect(await ask(one, 'SET key 1')).toBe('+OK\r\n');
  expect(await ask(other, 'GET key')).toBe('$-1\r\n');
  await one.stop();
  expect(await ask(one, 'PING')).toBeUndefined();
  expect(existsSync(one.dir)).toBe(false);
  await one.stop();
});

test('a server that is killed comes back at the same port, with the files that it was told to keep', async () => {
  const server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  onTestFinished(() => server.stop());
  await ask(server, 'SET key 1');
  await server.kill();
  expect(await ask(server, 'PING')).toBeUndefined();
  await server.restart();
  expect(await ask(server, 'GET key')).toBe('$1\r\n1\r\n');
});

test('a server that is frozen says nothing until it is resumed, and can be stopped meanwhile', async () => {
  const server = await startRedis();
  server.pause();
  let answer: string | undefined;
  const asked = ask(server, 'PING').then((text) => {
    answer = text;
  });
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(answer).toBeUndefined();
  server.resume();
  await asked;
  expect(answer).toBe('+PONG\r\n');
  server.pause();
  await server.stop();
  expect(await ask(server, 'PING')).toBeUndefined();
});

test('a server that does not start is an error with what it said', async () => {
  await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow(/no-such-option/i);
});

test('a path in HEADWATER_REDIS_SERVER that is not a program is an error that names both', async () => {
  process.env.HEADWATER_REDIS_SERVER = '/no/such/program';
  await expect(startRedis()).rejects.toThrow(/HEADWATER_REDIS_SERVER is \/no\/such\/program/);
});
