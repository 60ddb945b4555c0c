/**
 * Group G, Express 4 and 5.
 *
 * | row | where |
 * |---|---|
 * | G8 | below; rejected promises in Express 4: express4.test.ts |
 * | G9, G10 | express-ecosystem.test.ts |
 * | G13 | packages/core/test/typed.test.ts, and scripts/check-consumer.mjs and check-tarballs.mjs (skipLibCheck: false, attw) |
 * | G14 | *.browser.ts of this package |
 */
import { ackHandler, createHub, healthHandler, sse, streamHandler, syncHandler } from '@headwater/express';
import { collect, parseEvents } from '@headwater/testing';
import express, { type ErrorRequestHandler, type Request, type Response } from 'express';
import express4 from 'express4';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { listen } from './kit/listen.js';
import { Record } from './kit/record.js';
import { turns, until } from './kit/wait.js';

describe.each([
  ['Express 5', express],
  // Its types are those of another package, and say the same of what is used here.
  ['Express 4', express4 as unknown as typeof express],
])('%s', (_name, framework) => {
  const errors: ErrorRequestHandler = (error, _req, res, next) => {
    if (res.headersSent) return next(error);
    res.status(error.statusCode ?? 500).json({ code: error.code, message: error.message });
  };

  it('G8 works for the whole app, for a router and for one route, with sync and async handlers', async () => {
    const hub = createHub();
    const handler = (_req: Request, res: Response) => void res.sse.send('hello');
    const asyncHandler = async (_req: Request, res: Response) => {
      await Promise.resolve();
      await res.sse.send('hello');
    };
    const whole = framework().use(sse({ hub })).get('/', handler).get('/async', asyncHandler);
    const router = framework.Router().use(sse({ hub })).get('/', handler).get('/async', asyncHandler);
    const mounted = framework().use('/below', router);
    const route = framework().get('/', sse({ hub }), handler).get('/async', sse({ hub }), asyncHandler);
    for (const [app, path] of [
      [whole, ''],
      [mounted, '/below'],
      [route, ''],
    ] as const) {
      const origin = await listen(app);
      for (const end of ['/', '/async']) {
        const stream = await collect(`${origin}${path}${end}`);
        expect(await stream.next()).toMatchObject({ data: 'hello' });
        await stream.close();
      }
    }
  });

  it('G8 gives what throws before the start to the error handler', async () => {
    const app = framework().use(sse());
    app.get('/throws', () => {
      throw Object.assign(new Error('no'), { statusCode: 418 });
    });
    app.get('/next', (_req, res, next) => {
      expect(res.sse.isOpen).toBe(false);
      next(Object.assign(new Error('no'), { statusCode: 418 }));
    });
    app.use(errors);
    for (const path of ['/throws', '/next']) {
      const response = await supertest(app).get(path);
      expect(response).toMatchObject({ status: 418, body: { message: 'no' } });
      expect(response.headers).not.toHaveProperty('x-accel-buffering');
    }
  });

  it('G8 next(err) after the start breaks the connection, as Express does it, and the hub is told', async () => {
    const hub = createHub();
    const record = new Record();
    hub.observe(record);
    const app = framework().use(sse({ hub }));
    app.get('/', async (_req, res, next) => {
      await res.sse.subscribe('news');
      next(new Error('too late'));
    });
    const stream = await collect(`${await listen(app.use(errors))}/`);
    expect((await stream.closed).reason).toBe('cut');
    expect(stream.text).not.toContain('too late');
    await until(() => record.closes.length === 1);
    expect(record.closes).toMatchObject([{ reason: 'client' }]);
    await hub.publish('news', 'nobody');
    await turns();
    expect(record).toMatchObject({ writes: 0, errors: [] });
  });

  it('G8 res.headersSent and res.locals are what they are for every response', async () => {
    const app = framework().use((_req, res, next) => {
      res.locals.user = 'ann';
      next();
    });
    app.use(sse());
    app.get('/', (_req, res) => {
      const before = res.headersSent;
      res.sse.open();
      void res.sse.send({ data: [before, res.headersSent, res.locals.user] });
    });
    const stream = await collect(`${await listen(app)}/`);
    expect((await stream.next()).json()).toEqual([false, true, 'ann']);
    await stream.close();
  });

  it('G8 res.json after the start throws, and the error handler is told', async () => {
    const seen: unknown[] = [];
    const app = framework().use(sse());
    app.get('/', (_req, res) => {
      void res.sse.send('one');
      res.json({ oops: true });
    });
    app.use(((error, _req, _res, next) => {
      seen.push(error);
      next(error);
    }) satisfies ErrorRequestHandler);
    const stream = await collect(`${await listen(app)}/`);
    await stream.closed;
    expect(seen).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }]);
    expect(stream.text).not.toContain('oops');
  });

  it('G8 an inner sse() keeps the hub and the connection of the outer one', async () => {
    const outer = createHub();
    const inner = createHub();
    const app = framework().use(sse({ hub: outer }));
    app.get('/', sse({ hub: inner }), (_req, res) => {
      const { sse: connection } = res;
      expect(res.sse).toBe(connection);
      void connection.send({ data: connection.hub === outer });
    });
    const stream = await collect(`${await listen(app)}/`);
    expect(await stream.next()).toMatchObject({ data: 'true' });
    await stream.close();
  });

  it('G8 sse() alone brings a hub of its own', async () => {
    const middleware = sse();
    const app = framework().use(middleware);
    app.get('/', (_req, res) => {
      expect(res.sse.hub).toBe(middleware.hub);
      void res.sse.subscribe('news');
    });
    const stream = await collect(`${await listen(app)}/`);
    await stream.until('sse.open');
    await middleware.hub.publish('news', 'mine');
    expect(await stream.next()).toMatchObject({ data: 'mine' });
    await stream.close();
  });

  it('G8 refuses options that it does not know, and hubs that are none', () => {
    expect(() => sse({ heartbeatMs: 1 } as never)).toThrow(/Unknown option "heartbeatMs".*createHub/);
    expect(() => sse({ hub: {} as never })).toThrow(TypeError);
    expect(() => sse({ hub: null as never })).toThrow(TypeError);
    expect(() => streamHandler(undefined as never)).toThrow(TypeError);
    expect(() => streamHandler({} as never)).toThrow(/authorize/);
    expect(() => syncHandler({} as never)).toThrow(/authorize/);
    expect(() => ackHandler({} as never)).toThrow(/authorize/);
  });

  it('G8 counts clients by req.ip, which obeys trust proxy, or by clientKey', async () => {
    const behindProxy = framework().set('trust proxy', true);
    behindProxy.use(sse({ hub: createHub({ maxConnectionsPerClient: 1 }) }));
    const byKey = framework().use(
      sse({ hub: createHub({ maxConnectionsPerClient: 1 }), clientKey: (req) => String(req.query.user) }),
    );
    for (const [app, request] of [
      [behindProxy, (user: string) => ['/', { 'x-forwarded-for': user }] as const],
      [byKey, (user: string) => [`/?user=${user}`, {}] as const],
    ] as const) {
      app.get('/', (_req, res) => void res.sse.send('in'));
      const origin = await listen(app);
      const open = async (user: string) => {
        const [path, headers] = request(user);
        const stream = await collect(`${origin}${path}`, { headers });
        return [stream, await stream.next()] as const;
      };
      const [first, inside] = await open('10.0.0.1');
      const [, refused] = await open('10.0.0.1');
      const [other, alsoInside] = await open('10.0.0.2');
      expect([inside, refused, alsoInside]).toMatchObject([{ data: 'in' }, { event: 'sse.busy' }, { data: 'in' }]);
      await Promise.all([first.close(), other.close()]);
    }
  });

  it('G8 has ready-made handlers for streams, for the same log as JSON, and for probes', async () => {
    const hub = createHub();
    const app = framework().use(sse({ hub }));
    const authorize = (req: Request) => req.query.token === 'good';
    app.get('/events', streamHandler({ authorize, from: 'earliest' }));
    app.get('/sync', syncHandler({ authorize }));
    app.post('/ack', ackHandler({ authorize }));
    app.get('/ready', healthHandler());
    app.get('/live', healthHandler('live'));
    app.post(
      '/news',
      framework.json(),
      async (req, res) => void res.json(await hub.publish('news', { data: req.body })),
    );
    app.use(errors);
    const posted = await supertest(app).post('/news').send({ title: 'Hello' });
    expect(posted.body).toEqual({ id: expect.any(String), duplicate: false });
    const stream = await collect(supertest(app).get('/events?channel=news&token=good'));
    expect(await stream.take(2)).toMatchObject([
      { event: 'sse.open' },
      { data: '{"title":"Hello"}', id: posted.body.id },
    ]);
    await stream.close();
    expect(await supertest(app).get('/events?channel=news')).toMatchObject({
      status: 403,
      body: { code: 'ERR_SSE_DENIED' },
    });
    expect(await supertest(app).get('/events?token=good')).toMatchObject({ status: 400 });
    const acked = await supertest(app).post(`/ack?channel=news&token=good&clientId=me&id=${posted.body.id}`);
    expect(acked.status).toBe(204);
    const synced = await supertest(app).get('/sync?channel=news&token=good&seq=x');
    expect(synced).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(synced.body).toMatchObject({ reset: { reason: 'malformed' }, next_seq: posted.body.id });
    expect((await supertest(app).get('/ready')).body).toMatchObject({ ready: true });
    await hub.drain({ windowMs: 0 });
    expect((await supertest(app).get('/ready')).status).toBe(503);
    expect((await supertest(app).get('/live')).status).toBe(200);
  });

  it('G8 what fails in a ready-made handler after the start is reported, and the stream ends in an orderly way', async () => {
    const hub = createHub();
    const record = new Record();
    hub.observe(record);
    const fails = () => Promise.reject(new Error('snapshot'));
    hub.channel('news', { snapshot: fails });
    const seen: unknown[] = [];
    const app = framework().use(sse({ hub }));
    app.get('/', streamHandler({ authorize: () => true }));
    app.use(((error, _req, _res, next) => {
      seen.push(error);
      next(error);
    }) satisfies ErrorRequestHandler);
    const stream = await collect(`${await listen(app)}/?channel=news`, { lastEventId: 'nonsense' });
    expect(await stream.closed).toEqual({ reason: 'end' });
    await turns();
    expect(seen).toEqual([]);
    expect(record).toMatchObject({ closes: [{ reason: 'error' }], errors: [{ error: { code: 'ERR_SSE_CALLBACK' } }] });
  });

  it('G8 says what is missing where its handlers have no sse() before them', async () => {
    const app = framework()
      .get('/', streamHandler({ authorize: () => true }))
      .use(errors);
    expect(await supertest(app).get('/?channel=a')).toMatchObject({
      status: 500,
      body: { message: expect.stringContaining('app.use(sse())') },
    });
  });

  it('can be tested with supertest: whole streams, and streams that stay open', async () => {
    const app = framework().use(sse());
    app.get('/whole', (_req, res) => {
      void res.sse.send('one');
      void res.sse.send({ event: 'two', data: 2 });
      res.sse.close();
    });
    app.get('/open', (_req, res) => void res.sse.send('still here'));
    const whole = await supertest(app).get('/whole').expect(200).expect('content-type', 'text/event-stream');
    expect(parseEvents(whole.text)).toMatchObject([{ data: 'one' }, { event: 'two', data: '2' }]);
    const open = await collect(supertest(app).get('/open').expect(200));
    expect(await open.next()).toMatchObject({ data: 'still here' });
    await open.close();
  });

  it('costs a request that never streams nothing but a property', async () => {
    const hub = createHub();
    const app = framework().use(sse({ hub }));
    app.get('/', (req, res) => {
      const { get, value } = Object.getOwnPropertyDescriptor(res, 'sse') ?? {};
      res.json({ isLazy: typeof get === 'function' && value === undefined, listeners: req.listenerCount('close') });
    });
    expect((await supertest(app).get('/')).body).toEqual({ isLazy: true, listeners: 0 });
  });
});
