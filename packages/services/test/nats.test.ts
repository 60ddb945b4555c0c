import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { type NatsServer, startNats } from '../src/index.js';

/** What the server says to a question of JetStream; undefined where it cannot be reached, or says nothing for so long. */
function ask(
  { port }: NatsServer,
  subject: string,
  body: string,
  patienceMs: number = 10_000,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`CONNECT {"verbose":false}\r\nSUB r 1\r\nPUB ${subject} r ${body.length}\r\n${body}\r\n`),
    );
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on('data', (data) => {
      text += data.toString();
      const answer = /MSG r 1 +\d+\r\n(.*)\r\n/.exec(text)?.[1];
      if (answer === undefined) return;
      resolve(answer);
      socket.destroy();
    });
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });
}

afterEach(() => {
  delete process.env.HEADWATER_NATS_SERVER;
});

const STREAM = JSON.stringify({ name: 'x', subjects: ['x'], storage: 'file' });

test('a server answers as soon as it is started, has JetStream in its own folder, and leaves nothing behind', async () => {
  const [one, other] = [await startNats(), await startNats()];
  onTestFinished(() => other.stop());
  expect(await ask(one, '$JS.API.STREAM.CREATE.x', STREAM)).toMatch(/"created"/);
  expect(await ask(other, '$JS.API.STREAM.INFO.x', '')).toMatch(/not found/);
  expect(readdirSync(join(one.dir, 'jetstream'))).not.toEqual([]);
  await one.stop();
  expect(await ask(one, '$JS.API.INFO', '')).toBeUndefined();
  expect(existsSync(one.dir)).toBe(false);
  await one.stop();
});

test('a server that is killed comes back at the same port, with its files', async () => {
  const server = await startNats();
  onTestFinished(() => server.stop());
  await ask(server, '$JS.API.STREAM.CREATE.x', STREAM);
  expect(await ask(server, 'x', 'kept')).toMatch(/"seq":1/);
  await server.kill();
  expect(await ask(server, '$JS.API.INFO', '')).toBeUndefined();
  await server.restart();
  expect(await ask(server, '$JS.API.STREAM.INFO.x', '')).toMatch(/"messages":1/);
});

test('a server that is frozen says nothing until it is resumed, and can be stopped meanwhile', async () => {
  const server = await startNats();
  onTestFinished(() => server.stop());
  server.pause();
  expect(await ask(server, '$JS.API.INFO', '', 200)).toBeUndefined();
  server.resume();
  expect(await ask(server, '$JS.API.INFO', '')).toMatch(/account_info_response/);
  server.pause();
  await server.stop();
  expect(await ask(server, '$JS.API.INFO', '')).toBeUndefined();
});

test('a server with a configuration of its own is started with that', async () => {
  const server = await startNats({ config: 'max_payload: 4KB\n' });
  onTestFinished(() => server.stop());
  expect(await ask(server, '$JS.API.INFO', '', 200)).toBeUndefined();
});

test('a server that does not start is an error with what it said', async () => {
  await expect(startNats({ config: 'no_such_option: {' })).rejects.toThrow(/has ended: .*Parse error/s);
});

test('a path in HEADWATER_NATS_SERVER that is not a program is an error that names both', async () => {
  process.env.HEADWATER_NATS_SERVER = '/no/such/program';
  await expect(startNats()).rejects.toThrow(/HEADWATER_NATS_SERVER is \/no\/such\/program/);
});
