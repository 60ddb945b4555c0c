import { collect } from '@headwater/testing';
import { fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ackHandler, createHub, healthHandler, ssePlugin, streamHandler, syncHandler } from '../src/index.js';
import { captureLog, listen, sseApp, until } from './kit.js';

describe('streamHandler', () => {
  it('streams the channels of the query that authorize allows', async () => {
    const app = await sseApp();
    app.get('/', streamHandler({ authorize: (_request, channels) => !channels.includes('secret') }));
    const url = await listen(app);
    const stream = await collect(`${url}/?channel=a&channels=b,c`);
    expect((await stream.until('sse.open')).json()).toMatchObject({ channels: ['a', 'b', 'c'] });
    await app.sse.publish('c', 'hello');
    expect((await stream.next()).data).toBe('hello');
    const denied = await fetch(`${url}/?channel=secret`);
    expect(denied.status).toBe(403);
    expect(await denied.json()).toMatchObject({ code: 'ERR_SSE_DENIED' });
  });

  it('gives the grant to the connection, and the request to authorize', async () => {
    const app = await sseApp();
    app.get('/', streamHandler({ authorize: async (request) => ({ principal: String(request.headers['x-user']) }) }));
    const stream = await collect(`${await listen(app)}/?channel=a`, { headers: { 'x-user': 'ada' } });
    await stream.until('sse.open');
    expect(app.sse.disconnect({ principal: 'ada' })).toBe(1);
    expect(await stream.closed).toEqual({ reason: 'end' });
  });

  it.each(['/', '/?channel=', '/?channel=a%20b', `/?channels=${'abcdefghijk'.repeat(20)}`])(
    'answers %s with 400',
    async (url) => {
      const app = await sseApp();
      app.get('/', streamHandler({ authorize: () => true }));
      const response = await app.inject(url);
      expect(response.statusCode).toBe(400);
      expect(response.json()).toMatchObject({ code: 'ERR_SSE_BAD_REQUEST' });
    },
  );

  it('denies where authorize throws, and tells the log why', async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    app.get(
      '/',
      streamHandler({
        authorize: () => {
          throw new Error('no database');
        },
      }),
    );
    expect((await app.inject('/?channel=a')).statusCode).toBe(403);
    expect(log.errors.map(({ msg }) => msg)).toEqual(['no database']);
  });

  it('needs authorize', () => {
    expect(() => streamHandler({} as never)).toThrow(/streamHandler needs authorize/);
    expect(() => syncHandler({} as never)).toThrow(/syncHandler needs authorize/);
    expect(() => ackHandler({} as never)).toThrow(/ackHandler needs authorize/);
  });

  it('says that the plugin is missing', async () => {
    const app = fastify();
    onTestFinished(() => void app.close());
    app.get('/', streamHandler({ authorize: () => true }));
    expect((await app.inject('/?channel=a')).json()).toMatchObject({
      message: expect.stringContaining('app.register(ssePlugin)'),
    });
  });

  it('follows the registration of its scope, whatever its name', async () => {
    const hubs = [createHub(), createHub()] as const;
    onTestFinished(async () => void (await Promise.all(hubs.map((hub) => hub.close()))));
    const app = await sseApp({}, { hub: hubs[0], decorator: 'events' });
    app.get('/', streamHandler({ authorize: () => true }));
    app.register(async (scope) => {
      await scope.register(ssePlugin, { hub: hubs[1] });
      scope.get('/inner', streamHandler({ authorize: () => true }));
    });
    const url = await listen(app);
    await (await collect(`${url}/?channel=a`)).until('sse.open');
    await (await collect(`${url}/inner?channel=a`)).until('sse.open');
    expect(hubs.map((hub) => hub.connections.size)).toEqual([1, 1]);
  });
});

describe('syncHandler', () => {
  it('answers the same log as JSON', async () => {
    const app = await sseApp();
    app.get('/sync', syncHandler({ authorize: () => true }));
    const first = (await app.inject('/sync?channels=a')).json();
    await app.sse.publish('a', { event: 'story', data: { n: 1 } });
    const response = await app.inject(`/sync?channels=a&after=${first.next}`);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json().events).toMatchObject([{ channel: 'a', event: 'story' }]);
    expect((await app.inject('/sync')).statusCode).toBe(400);
  });
});

describe('ackHandler', () => {
  it('moves the cursor of a client, and says what is wrong', async () => {
    const app = await sseApp();
    app.post('/ack', ackHandler({ authorize: () => true }));
    const { id } = await app.sse.publish('a', 'x');
    const post = async (query: string) => (await app.inject({ method: 'POST', url: `/ack?${query}` })).statusCode;
    expect(await post(`clientId=me&channels=a&id=${id}`)).toBe(204);
    expect(await post('clientId=me&channels=a&id=nonsense')).toBe(409);
    expect(await post(`channels=a&id=${id}`)).toBe(400);
  });
});

describe('healthHandler', () => {
  it('answers 200, and 503 once the hub drains', async () => {
    const app = await sseApp();
    app.get('/live', healthHandler('live'));
    app.get('/ready', healthHandler());
    await app.ready();
    await app.sse.ready();
    const ready = await app.inject('/ready');
    expect(ready.statusCode).toBe(200);
    expect(ready.headers['cache-control']).toBe('no-store');
    expect(ready.json()).toMatchObject({ live: true, ready: true, connections: 0 });
    await app.sse.drain({ windowMs: 0 });
    expect((await app.inject('/ready')).statusCode).toBe(503);
    expect((await app.inject('/live')).statusCode).toBe(200);
    await until(() => !app.sse.health().ready);
  });
});
