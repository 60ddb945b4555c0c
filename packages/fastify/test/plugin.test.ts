import { collect } from '@headwater/testing';
import { fastify } from 'fastify';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import defaultExport, * as everything from '../src/index.js';
import { type Connection, createHub, type Hub, type SsePluginOptions, ssePlugin } from '../src/index.js';
import { listen, sseApp } from './kit.js';

function hub(): Hub {
  const made = createHub();
  onTestFinished(() => made.close());
  return made;
}

describe('ssePlugin', () => {
  it('is the default export too, and the package has everything of the core', async () => {
    expect(defaultExport).toBe(ssePlugin);
    expect(everything.createHub).toBe(createHub);
    expect(Object.keys(everything)).toEqual(
      expect.arrayContaining(['acceptsEventStream', 'healthHandler', 'SseError', 'streamHandler', 'syncHandler']),
    );
    const app = fastify();
    await app.register(defaultExport);
    expect(app.hasPlugin('@headwater/fastify')).toBe(true);
    await app.close();
  });

  it('decorates the application with the hub, and replies before anybody uses them', async () => {
    const own = hub();
    const app = await sseApp({}, { hub: own });
    expect(app.sse).toBe(own);
    expect(app.hasDecorator('sse')).toBe(true);
    expect(app.hasReplyDecorator('sse')).toBe(true);
    expectTypeOf(app.sse).toEqualTypeOf<Hub>();
    app.get('/', async (_request, reply) => {
      expectTypeOf(reply.sse).toEqualTypeOf<Connection>();
      return reply.sse.hub === own;
    });
    expect((await app.inject('/')).json()).toBe(true);
  });

  it('takes a hub with typed events', async () => {
    const typed = createHub<{ news: { story: { title: string } } }>();
    expectTypeOf(typed).toExtend<NonNullable<SsePluginOptions['hub']>>();
    const app = await sseApp({}, { hub: typed });
    expect(app.sse).toBe(typed);
  });

  it('is typed for HTTP/2 applications too', async () => {
    const app = fastify({ http2: true });
    await app.register(ssePlugin, { hub: hub() });
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    expectTypeOf(app.sse).toEqualTypeOf<Hub>();
    await app.close();
  });

  it('takes another name for its decorators', async () => {
    const app = await sseApp({}, { decorator: 'events' });
    expect(app.hasDecorator('sse')).toBe(false);
    expect(app.getDecorator<Hub>('events')).toBeInstanceOf(everything.Hub);
    app.get('/', (_request, reply) => reply.getDecorator<Connection>('events').subscribe('news'));
    const stream = await collect(`${await listen(app)}/`);
    await stream.until('sse.open');
  });

  it.each([
    [{ heartbeatMs: 5 }, /Unknown option "heartbeatMs" of ssePlugin.*createHub/],
    [{ decorator: '' }, /decorator must be a name/],
    [{ hub: {} }, /hub must be made by createHub/],
  ])('refuses %j', async (options, message) => {
    await expect(sseApp({}, options as SsePluginOptions)).rejects.toThrow(message);
  });

  it("takes register's own options", async () => {
    const app = fastify();
    await app.register(ssePlugin, { logLevel: 'warn' });
    expect(app.hasDecorator('sse')).toBe(true);
    await app.close();
  });

  it('tells a plugin that assigns reply.sse what to do', async () => {
    const app = await sseApp();
    app.get('/', (_request, reply) => {
      Object.assign(reply, { sse: 'theirs' });
    });
    expect((await app.inject('/')).json()).toMatchObject({
      code: 'ERR_SSE_DECORATED',
      message: expect.stringContaining('another plugin sets reply.sse. Choose another name'),
    });
  });

  it('counts clients by request.ip, which obeys trustProxy, or by clientKey', async () => {
    const limited = createHub({ maxConnectionsPerClient: 1 });
    onTestFinished(() => limited.close());
    const app = await sseApp({ trustProxy: true }, { hub: limited });
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const url = `${await listen(app)}/`;
    const from = (address: string) => collect(url, { headers: { 'x-forwarded-for': address } });
    await (await from('10.0.0.1')).until('sse.open');
    await (await from('10.0.0.2')).until('sse.open');
    expect(await (await from('10.0.0.1')).closed).toEqual({ reason: 'end' });
    expect(limited.connections.size).toBe(2);

    const keyed = createHub({ maxConnectionsPerClient: 1 });
    onTestFinished(() => keyed.close());
    const other = await sseApp({}, { hub: keyed, clientKey: (request) => request.headers['x-user'] as string });
    other.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const otherUrl = `${await listen(other)}/`;
    const as = (user: string) => collect(otherUrl, { headers: { 'x-user': user } });
    await (await as('a')).until('sse.open');
    await (await as('b')).until('sse.open');
    expect(await (await as('a')).closed).toEqual({ reason: 'end' });
  });

  it('refuses by status where the client can take it, through the reply', async () => {
    const full = createHub({ maxConnections: 1 });
    onTestFinished(() => full.close());
    const app = await sseApp({}, { hub: full });
    app.addHook('onSend', async (_request, reply) => void reply.header('x-on-send', 'yes'));
    app.get('/', (_request, reply) => {
      reply.header('access-control-allow-origin', '*');
      return reply.sse.subscribe('news');
    });
    await (await collect(`${await listen(app)}/`)).until('sse.open');
    const response = await app.inject('/?refusal=status');
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'no-store',
      'content-type': 'text/plain; charset=utf-8',
      'x-on-send': 'yes',
    });
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    expect(response.body).toBe('Too busy for another stream, try again later.\n');
    const refused = await app.inject('/');
    expect(refused.statusCode).toBe(200);
    expect(refused.body).toMatch(/^retry: \d+\n:\n/);
  });

  it('asks the replay hook of its options', async () => {
    const app = await sseApp(
      {},
      {
        replay: async function* ({ lastEventId }) {
          yield { id: `${lastEventId}-1`, data: 'from the application' };
        },
      },
    );
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const stream = await collect(`${await listen(app)}/`, { lastEventId: 'mine' });
    expect(await stream.until('message')).toMatchObject({ id: 'mine-1', data: 'from the application' });
  });
});
