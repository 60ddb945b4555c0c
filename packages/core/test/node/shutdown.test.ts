import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createHub } from '../../src/index.js';
import { accept, shutdownOnSignals } from '../../src/node/index.js';

async function serving() {
  const hub = createHub({ heartbeatMs: 500 });
  const server = createServer((req, res) => void accept(req, res, hub).subscribe('news'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const open = async () => {
    const request = get(url);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const ended = once(response, 'end').then(() => text);
    await once(response, 'data');
    return { ended };
  };
  return { hub, server, open };
}

describe('shutdownOnSignals', () => {
  test('drains, closes the server and the hub, and then ends the process', async () => {
    const { hub, server, open } = await serving();
    const streams = await Promise.all([open(), open(), open()]);
    const exited = new Promise<number>((resolve) => {
      const remove = shutdownOnSignals({
        hub,
        server,
        windowMs: 200,
        signals: ['SIGUSR2'],
        exit: (code) => {
          remove();
          resolve(code);
        },
      });
    });
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(hub.health().ready).toBe(false);
    for (const { ended } of streams) expect(await ended).toMatch(/retry: \d+\n/);
    expect(await exited).toBe(0);
    expect(server.listening).toBe(false);
    expect(hub.health().live).toBe(false);
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });

  test('ends at once at a second signal, and tells what went wrong', async () => {
    const { hub, server } = await serving();
    const codes: number[] = [];
    const closing = deferred();
    const remove = shutdownOnSignals({
      hub,
      server: () => closing.promise,
      windowMs: 0,
      signals: ['SIGUSR2'],
      exit: (code) => codes.push(code),
    });
    process.emit('SIGUSR2', 'SIGUSR2');
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(codes).toEqual([1]);
    const warned = once(process, 'warning');
    closing.reject(new Error('cannot close'));
    expect(String((await warned)[0])).toContain('cannot close');
    expect(codes).toEqual([1, 1]);
    remove();
    server.close();
    await hub.close();
  });
});

test('a server that is fed its connections by another one keeps its streams', async () => {
  const hub = createHub({ heartbeatMs: 100, heartbeatBoundsMs: [100, 100] });
  const fed = createServer((req, res) => void accept(req, res, hub).subscribe('news'));
  const front = createNetServer((socket) => fed.emit('connection', socket));
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const request = get({ port: (front.address() as AddressInfo).port, host: '127.0.0.1' });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let beats = 0;
  response.setEncoding('utf8').on('data', (chunk: string) => {
    beats += chunk === ':\n' ? 1 : 0;
  });
  while (beats < 3) await once(response, 'data');
  expect(hub.connections.size).toBe(1);
  request.destroy();
  front.close();
  await hub.close();
});

test('requests that are under way when the server is shut down still get their answers', async () => {
  const hub = createHub();
  let isAsked: (answer: () => void) => void = () => {};
  const asked = new Promise<() => void>((resolve) => {
    isAsked = resolve;
  });
  const server = createServer((_req, res) => isAsked(() => res.end('answer')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const answer = await asked;
  const exited = new Promise<number>((resolve) => {
    const remove = shutdownOnSignals({
      hub,
      server,
      windowMs: 0,
      signals: ['SIGUSR2'],
      exit: (code) => {
        remove();
        resolve(code);
      },
    });
  });
  process.emit('SIGUSR2', 'SIGUSR2');
  while (server.listening) await new Promise((resolve) => setImmediate(resolve));
  answer();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect((await response.setEncoding('utf8').toArray()).join('')).toBe('answer');
  expect(await exited).toBe(0);
});

test('a session of HTTP/2 without a stream does not keep a server that is shut down', async () => {
  const hub = createHub();
  const server = createHttp2Server((_req, res) => void res.end('answer'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const exited = new Promise<number>((resolve) => {
    const remove = shutdownOnSignals({
      hub,
      server,
      windowMs: 0,
      signals: ['SIGUSR2'],
      exit: (code) => {
        remove();
        resolve(code);
      },
    });
  });
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stream = session.request();
  expect((await stream.setEncoding('utf8').toArray()).join('')).toBe('answer');
  process.emit('SIGUSR2', 'SIGUSR2');
  expect(await exited).toBe(0);
  await new Promise<void>((resolve) => (session.closed ? resolve() : session.once('close', () => resolve())));
});

test('a server that is told to close is not kept by its streams', async () => {
  const { hub, server, open } = await serving();
  const { ended } = await open();
  const closed = new Promise((resolve) => server.close(resolve));
  expect(await ended).toMatch(/retry: \d+\n/);
  await closed;
  await hub.close();
});

function deferred() {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((_, fail) => {
    reject = fail;
  });
  return { promise, reject };
}
