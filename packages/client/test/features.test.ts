import { ackHandler, createHub, sse, streamHandler, syncHandler } from '@headwater/express';
import express from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { acks } from '../src/acks/index.js';
import { connect } from '../src/index.js';
import { items } from '../src/items/index.js';
import { storedIn } from '../src/storage/index.js';
import { syncFrom } from '../src/sync/index.js';
import { control, FakeServer, hubEvent, openFrame } from './kit/fake-server.js';
import { listen } from './kit/servers.js';

const WAIT = { timeout: 10_000, interval: 5 };

describe('a stored position', () => {
  it('is where the next client begins; the one of the options is for the first', async () => {
    const kept = new Map([['headwater:http://server.test/news', 'e.5']]);
    const storage = {
      getItem: (key: string) => kept.get(key),
      setItem: (key: string, id: string) => void kept.set(key, id),
    };
    const server = new FakeServer();
    server.connect({ position: storedIn(storage), lastEventId: 'e.1' });
    await server.settle();
    expect(server.last.headers.get('last-event-id')).toBe('e.5');
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.5') + hubEvent(6, 6));
    expect(kept.get('headwater:http://server.test/news')).toBe('e.6');
    server.connect({ position: storedIn(storage, 'mine'), lastEventId: 'e.1' });
    await server.settle();
    expect(server.last.headers.get('last-event-id')).toBe('e.1');
  });

  it('is written once for all the events of a task', async () => {
    const written: string[] = [];
    const storage = { getItem: () => null, setItem: (_: string, id: string) => void written.push(id) };
    const server = new FakeServer();
    server.connect({ position: storedIn(storage) });
    await server.settle();
    await server.last.open();
    await server.last.write(openFrame({}, 'e.0') + Array.from({ length: 35 }, (_, n) => hubEvent(n + 1, n)).join(''));
    expect(written).toEqual(['e.z']);
  });

  it('in an asynchronous storage is written one after the other, and the newest always', async () => {
    const written: string[] = [];
    let done = () => {};
    const storage = {
      getItem: async () => 'e.0',
      setItem: (_: string, id: string) =>
        new Promise<void>((resolve) => {
          done = () => {
            written.push(id);
            resolve();
          };
        }),
    };
    const server = new FakeServer();
    server.connect({ position: storedIn(storage) });
    await server.settle();
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.0') + hubEvent(1, 1));
    await server.last.write(hubEvent(2, 2));
    await server.last.write(hubEvent(3, 3));
    expect(written).toEqual([]);
    done();
    await server.settle();
    done();
    await server.settle();
    expect(written).toEqual(['e.1', 'e.3']);
  });

  it('that cannot be read or written is an error and not the end', async () => {
    const fail = () => {
      throw new Error('full');
    };
    const server = new FakeServer();
    const stream = server.connect({ position: storedIn({ getItem: fail, setItem: fail }) });
    const errors: string[] = [];
    stream.on('sse.error', ({ code }) => errors.push(code));
    await server.settle();
    await server.last.open(openFrame({}, 'e.0') + hubEvent(1, 1));
    expect(new Set(errors)).toEqual(new Set(['ERR_CLIENT_STORAGE']));
    expect(stream.position.id).toBe('e.1');
  });

  it('is behind what an iteration has not yet taken', async () => {
    const written: string[] = [];
    const storage = { getItem: () => 'e.0', setItem: (_: string, id: string) => void written.push(id) };
    const server = new FakeServer();
    const stream = server.connect({ position: storedIn(storage) });
    const iteration = stream[Symbol.asyncIterator]();
    const first = iteration.next();
    await server.settle();
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.0') + hubEvent(1, 1) + hubEvent(2, 2) + hubEvent(3, 3));
    expect((await first).value).toMatchObject({ data: 1 });
    await server.settle();
    expect(written).toEqual([]);
    expect((await iteration.next()).value).toMatchObject({ data: 2 });
    await server.settle();
    expect(written.at(-1)).toBe('e.1');
    await iteration.return?.();
    await server.settle();
    expect(written.at(-1)).toBe('e.3');
  });
});

describe('acks', () => {
  const ack = { url: '/ack', clientId: 'phone-1' };

  async function opened(options = {}) {
    const server = new FakeServer();
    const stream = server.connect({ ack: acks({ ...ack, ...options }), headers: { authorization: 'x' } });
    await server.settle();
    const first = server.last;
    await first.open(openFrame({ channels: ['a', 'b'] }, 'e.0'));
    const write = (seq: number) => first.write(hubEvent(seq, seq, { channel: 'a' }));
    return { server, stream, write, first };
  }

  it('name the client in the stream’s query', async () => {
    const { first } = await opened();
    expect(first.url.searchParams.get('clientId')).toBe('phone-1');
  });

  it('tell the newest position after a time, with the client’s own headers', async () => {
    const { server, write } = await opened({ everyMs: 2_000 });
    for (const seq of [1, 2, 3]) await write(seq);
    expect(server.requests).toHaveLength(1);
    await server.pass(2_000);
    expect(server.last.url.href).toBe('http://server.test/ack?clientId=phone-1&channels=a%2Cb&id=e.3');
    expect(server.last).toMatchObject({ method: 'POST' });
    expect(server.last.headers.get('authorization')).toBe('x');
    await server.last.answer(204);
    await server.pass(10_000);
    expect(server.requests).toHaveLength(2);
  });

  it('come after a number of events, one at a time', async () => {
    const { server, write } = await opened({ everyEvents: 3, everyMs: 60_000 });
    for (const seq of [1, 2]) await write(seq);
    expect(server.requests).toHaveLength(2);
    const acked = server.last;
    for (const seq of [3, 4, 5, 6, 7, 8]) await write(seq);
    expect(server.requests).toHaveLength(2);
    await acked.answer(204);
    expect(server.requests).toHaveLength(3);
    expect(server.last.url.searchParams.get('id')).toBe('e.8');
  });

  it('that fail are an error and are tried again', async () => {
    const { server, stream, write } = await opened({ everyMs: 1_000 });
    const errors: string[] = [];
    stream.on('sse.error', ({ code }) => errors.push(code));
    await write(1);
    await server.pass(1_000);
    await server.last.answer(500);
    await server.pass(1_000);
    await server.last.fail();
    await server.pass(1_000);
    await server.last.answer(204);
    expect(errors).toEqual(['ERR_CLIENT_STATUS', 'ERR_CLIENT_ACK']);
    await server.pass(10_000);
    expect(server.requests).toHaveLength(4);
  });

  it('have a last word that outlives the page, and leave no timer', async () => {
    const { server, stream, write } = await opened();
    await write(1);
    stream.close();
    await server.settle();
    expect(server.last.url.searchParams.get('id')).toBe('e.1');
    expect(server.last.init.keepalive).toBe(true);
    expect(server.clock.timers).toBe(0);
  });

  it('let a hub resume a client that has kept no id', async () => {
    const hub = createHub({ retryMs: 250 });
    onTestFinished(() => hub.close());
    const app = express();
    app.use(sse({ hub }));
    app.get('/stream', streamHandler({ authorize: () => true }));
    const taken: unknown[] = [];
    app.post('/ack', (req, res, next) => {
      res.on('finish', () => taken.push(req.query.id));
      next();
    });
    app.post('/ack', ackHandler({ authorize: () => true }));
    const server = await listen(app);
    const open = (seen: unknown[]) => {
      const own = acks({ url: '/ack', clientId: 'phone-1', everyEvents: 1 });
      const stream = connect(`${server.url}/stream?channels=numbers`, { ack: own, backoffMs: 1 });
      onTestFinished(() => stream.close());
      stream.on('message', ({ data }) => seen.push(data));
      return stream;
    };
    const before: unknown[] = [];
    const first = open(before);
    await vi.waitUntil(() => first.status.state === 'live', WAIT);
    for (let n = 1; n <= 5; n++) await hub.publish('numbers', { data: n });
    await vi.waitUntil(() => before.length === 5, WAIT);
    first.close();
    await vi.waitUntil(() => hub.connections.size === 0 && taken.includes(first.position.id), WAIT);
    for (let n = 6; n <= 9; n++) await hub.publish('numbers', { data: n });
    const after: unknown[] = [];
    open(after);
    await vi.waitUntil(() => after.at(-1) === 9, WAIT);
    expect([...before, ...after]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('need a clientId, and times above 0', () => {
    expect(() => acks({ url: '/ack', clientId: '' })).toThrow(TypeError);
    expect(() => acks({ ...ack, everyMs: 0 })).toThrow(RangeError);
    expect(() => acks({ ...ack, everyEvents: -1 })).toThrow(RangeError);
  });
});

describe('the sync endpoint', () => {
  const json = { 'content-type': 'application/json' };

  it('stands in when a proxy holds the stream back, and the stream comes back later', async () => {
    const server = new FakeServer();
    const sync = syncFrom({ url: '/sync', everyMs: 2_000, streamAfterMs: 10_000 });
    const stream = server.connect({ sync, lastEventId: 'e.0' }, 'http://server.test/news?channels=news');
    const seen: unknown[] = [];
    const errors: string[] = [];
    stream.on('message', ({ data, channel, id }) => seen.push([data, channel, id]));
    stream.on('sse.error', ({ code }) => errors.push(code));
    await server.settle();
    // The head comes through, and nothing after it.
    await server.last.open();
    await server.pass(5_250);
    expect(errors).toEqual(['ERR_CLIENT_NO_ANSWER']);
    expect(server.last.url.href).toBe('http://server.test/sync?channels=news&after=e.0');
    const one = { id: 'e.1', channel: 'news', event: 'message', data: '1', time: 0 };
    await server.last.answer(200, json, JSON.stringify({ next: 'e.4', more: true, events: [one] }));
    expect(stream.status.state).toBe('catching-up');
    expect(server.last.url.searchParams.get('after')).toBe('e.4');
    await server.last.answer(200, json, JSON.stringify({ next: 'e.4', more: false, events: [] }));
    expect(stream.status.state).toBe('live');
    for (let n = 0; n < 20 && server.last.url.pathname === '/sync'; n++) {
      await server.pass(1_000);
      if (server.last.url.pathname === '/sync') {
        await server.last.answer(200, json, JSON.stringify({ next: 'e.4', more: false, events: [] }));
      }
    }
    expect(server.last.url.pathname).toBe('/news');
    expect(server.last.headers.get('last-event-id')).toBe('e.4');
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.4') + hubEvent(5, 5, { prev: 1 }));
    expect(seen).toEqual([
      [1, 'news', 'e.1'],
      [5, 'news', 'e.5'],
    ]);
  });

  it('that does not answer in time is asked again', async () => {
    const server = new FakeServer();
    const options = { sync: syncFrom({ url: '/sync?channels=a' }), firstByteMs: 100, answerMs: 1_000 };
    const stream = server.connect(options);
    const errors: string[] = [];
    stream.on('sse.error', ({ code }) => errors.push(code));
    await server.settle();
    while (server.last.url.pathname !== '/sync') await server.pass(250);
    const { length } = server.requests;
    await server.pass(1_250);
    expect(errors).toEqual(['ERR_CLIENT_NO_ANSWER', 'ERR_CLIENT_NO_ANSWER']);
    expect(server.requests[length - 1]?.isAborted).toBe(true);
    expect(server.last.url.pathname).toBe('/sync');
    expect(server.requests).toHaveLength(length + 1);
    stream.close();
    await server.settle();
    expect(server.clock.timers).toBe(0);
  });

  it('that answers something else is an error', async () => {
    const server = new FakeServer();
    const stream = server.connect({ sync: syncFrom({ url: '/sync?channels=a' }), firstByteMs: 100 });
    const errors: string[] = [];
    stream.on('sse.error', ({ code }) => errors.push(code));
    for (const answer of ['<h1>no</h1>', '{}', 'null', '{"next":1,"events":[]}']) {
      const { length } = server.requests;
      await server.settle();
      while (server.requests.length === length || server.last.url.pathname !== '/sync') await server.pass(250);
      await server.last.answer(200, json, answer);
    }
    expect(errors.filter((code) => code === 'ERR_CLIENT_SYNC')).toHaveLength(4);
  });

  it('of a hub brings every event once, resets and snapshots included', async () => {
    const hub = createHub({ snapshot: () => ['state'] });
    onTestFinished(() => hub.close());
    const app = express();
    app.use(sse({ hub }));
    app.get('/sync', syncHandler({ authorize: () => true }));
    // A proxy that lets nothing of a stream pass.
    app.get('/stream', (_req, res) => void res.type('text/event-stream').flushHeaders());
    const server = await listen(app);
    for (let n = 1; n <= 300; n++) await hub.publish('news', { data: n });
    const sync = syncFrom({ url: '/sync', everyMs: 10 });
    const options = { sync, firstByteMs: 50, backoffMs: 1, random: () => 0.01 };
    const stream = connect(`${server.url}/stream?channel=news`, { ...options, lastEventId: 'gone.1' });
    onTestFinished(() => stream.close());
    const seen: unknown[] = [];
    stream.on('sse.reset', ({ data }) => seen.push(data.reason));
    stream.on('sse.snapshot', ({ data }) => seen.push(data.data));
    stream.on('message', ({ data }) => seen.push(data));
    await vi.waitUntil(() => seen.length >= 2, WAIT);
    for (let n = 301; n <= 900; n++) await hub.publish('news', { data: n });
    await vi.waitUntil(() => seen.at(-1) === 900, WAIT);
    expect(seen).toEqual(['epoch', ['state'], ...Array.from({ length: 600 }, (_, n) => n + 301)]);
  });
});

describe('items', () => {
  interface Todo {
    readonly id: string;
    readonly done: boolean;
  }

  it('fold snapshots and operations of a keyed channel', async () => {
    const server = new FakeServer();
    const stream = server.connect<{ todos: { message: unknown } }>();
    const todos = items<Todo>(stream as never, 'todos');
    let changes = 0;
    todos.subscribe(() => changes++);
    await server.settle();
    const reset = control('reset', { channels: ['todos'], reason: 'late' });
    const snapshot = control('snapshot', { channel: 'todos', data: [{ id: 'a', done: false }] }, 'e.5');
    await server.last.open(openFrame({ channels: ['todos', 'news'], resume: 'reset' }) + reset + snapshot);
    const before = todos.current;
    const operation = (seq: number, op: string, item: object, channel = 'todos') =>
      hubEvent(seq, { op, item }, { channel, prev: 5 });
    await server.last.write(operation(6, 'create', { id: 'b', done: false }));
    await server.last.write(operation(7, 'update', { id: 'a', done: true }));
    await server.last.write(operation(8, 'create', { id: 'c', done: true }, 'news'));
    await server.last.write(operation(9, 'delete', { id: 'b' }));
    expect([...todos.current.values()]).toEqual([{ id: 'a', done: true }]);
    expect([...before.values()]).toEqual([{ id: 'a', done: false }]);
    expect(changes).toBe(5);
    todos.stop();
    await server.last.write(operation(10, 'delete', { id: 'a' }));
    expect(todos.current.size).toBe(1);
  });
});
