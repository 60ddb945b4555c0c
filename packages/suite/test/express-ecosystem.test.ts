/** G9 and G10: Express with the middleware that people have in front: compression, sessions, helmet, access logs. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createGunzip, gunzipSync } from 'node:zlib';
import { createHub, sse } from '@headwater/express';
import { collect } from '@headwater/testing';
import compression from 'compression';
import express from 'express';
import session, { MemoryStore } from 'express-session';
import express4 from 'express4';
import helmet from 'helmet';
import morgan from 'morgan';
import { describe, expect, it } from 'vitest';
import { listen } from './kit/listen.js';
import { Record } from './kit/record.js';
import { turns, until } from './kit/wait.js';

declare module 'express-session' {
  interface SessionData {
    user: string;
  }
}

const acceptGzip = { headers: { 'accept-encoding': 'gzip' } };

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('%s', (_name, framework) => {
  it('G9 compression with threshold 0 leaves a stream alone: it says no-transform', async () => {
    const hub = createHub();
    const app = framework().use(compression({ threshold: 0 }), sse({ hub }));
    app.get('/', (_req, res) => void res.sse.subscribe('news'));
    const stream = await collect(fetch(`${await listen(app)}/`, acceptGzip));
    expect(stream.headers).not.toHaveProperty('content-encoding');
    await stream.until('sse.open');
    for (let n = 0; n < 5; n++) {
      await hub.publish('news', { data: n });
      expect(await stream.next()).toMatchObject({ data: String(n) });
    }
    await stream.close();
  });

  it('G9 a stream that may be transformed is compressed, and each event is flushed through at once', async () => {
    const hub = createHub();
    const record = new Record();
    hub.observe(record);
    const app = framework().use(compression({ threshold: 0 }), sse({ hub }));
    app.get('/', (_req, res) => {
      res.sse.open({ headers: { 'cache-control': 'no-cache' } });
      void res.sse.subscribe('news');
    });
    const origin = await listen(app);
    const stream = await collect(fetch(`${origin}/`, acceptGzip));
    expect(stream.headers['content-encoding']).toBe('gzip');
    await stream.until('sse.open');
    // Each is seen before the next is published.
    for (let n = 0; n < 5; n++) {
      await hub.publish('news', { data: `${n} ${'compressible '.repeat(50)}` });
      expect((await stream.next()).data).toMatch(`${n} compressible`);
    }
    await stream.close();
    await until(() => record.closes.length === 1);
    // On the wire it is smaller than what went in, and whole.
    const raw = await collect(`${origin}/`, acceptGzip);
    await raw.when(({ raw: { length } }) => length > 0);
    await hub.publish('news', { data: 'compressible '.repeat(5_000) });
    await until(() => record.writes > 5);
    hub.disconnect(() => true, 'server');
    expect(await raw.closed).toEqual({ reason: 'end' });
    expect(raw.raw.length).toBeLessThan(5_000);
    expect(gunzipSync(raw.raw).toString()).toContain(`data: ${'compressible '.repeat(5_000)}\nid: `);
    expect(record.errors).toEqual([]);
  });

  it('G9 F1 a paused client of a compressed stream costs a bounded number of bytes, and gets everything in the end', async () => {
    const hub = createHub();
    const app = framework().use(compression({ threshold: 0 }), sse({ hub }));
    let most = 0;
    app.get('/', (_req, res) => {
      res.sse.open({ headers: { 'cache-control': 'no-cache' } });
      void res.sse.subscribe('news');
      hub.observe({
        flushed: () => {
          most = Math.max(most, res.sse.pendingBytes);
        },
      });
    });
    const origin = await listen(app);
    const [response] = (await once(get(origin, acceptGzip), 'response')) as [IncomingMessage];
    response.pause();
    const random = randomBytes(48 * 1024);
    for (let n = 0; n < 200; n++) {
      random.writeUInt32BE(n, n * 4);
      await hub.publish('news', { data: `${n} ${random.toString('base64')}` });
      await turns(2);
    }
    const [connection] = hub.connections;
    expect(connection).toMatchObject({ isOpen: true, isLive: false });
    const stream = await collect(response.pipe(createGunzip()), { timeoutMs: 20_000 });
    await stream.until(({ data }) => data.startsWith('199 '));
    const messages = stream.events.filter(({ event }) => event === 'message');
    expect(messages.map(({ data }) => Number(data.split(' ', 1)[0]))).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(most).toBeLessThan(512 * 1024);
    await stream.close();
    response.destroy();
  });

  it('G10 with a session, helmet, compression and an access log in front: cookie sent, session saved, one line at the end', async () => {
    const hub = createHub();
    const store = new MemoryStore();
    const lines: string[] = [];
    const app = framework();
    app.use(morgan(':method :url :status', { stream: { write: (line) => void lines.push(line.trim()) } }));
    app.use(helmet(), compression({ threshold: 0 }));
    app.use(session({ secret: 'x', store, resave: false, saveUninitialized: false }));
    app.use(sse({ hub }));
    app.get('/login', (req, res) => {
      req.session.user = 'ann';
      void res.sse.subscribe('news');
    });
    app.get('/who', (req, res) => void res.json(req.session.user));
    const origin = await listen(app);
    const stream = await collect(`${origin}/login`);
    await stream.until('sse.open');
    expect(stream.headers).toMatchObject({
      'set-cookie': [expect.stringMatching(/^connect\.sid=/)],
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.any(String),
      'content-type': 'text/event-stream',
    });
    await hub.publish('news', 'x');
    expect(await stream.next()).toMatchObject({ data: 'x' });
    expect(lines).toEqual([]);
    hub.disconnect(() => true, 'server');
    expect(await stream.closed).toEqual({ reason: 'end' });
    await until(() => lines.length > 0);
    expect(lines).toEqual(['GET /login 200']);
    const [cookie = ''] = stream.headers['set-cookie'] ?? [];
    const who = await collect(`${origin}/who`, { headers: { cookie: cookie.split(';', 1)[0] as string } });
    await who.closed;
    expect(JSON.parse(who.text)).toBe('ann');
  });

  it('G10 a client that leaves is one line of the access log, and no error of anything in the chain', async () => {
    const hub = createHub();
    const record = new Record();
    hub.observe(record);
    const lines: string[] = [];
    const app = framework();
    app.use(morgan(':method :url', { stream: { write: (line) => void lines.push(line.trim()) } }));
    app.use(helmet(), compression({ threshold: 0 }), session({ secret: 'x', resave: false, saveUninitialized: true }));
    app.use(sse({ hub }));
    app.get('/', (_req, res) => void res.sse.subscribe('news'));
    const stream = await collect(`${await listen(app)}/`);
    await stream.until('sse.open');
    await stream.close();
    await until(() => record.closes.length === 1 && lines.length > 0);
    await hub.publish('news', 'nobody');
    expect(lines).toEqual(['GET /']);
    expect(record).toMatchObject({ errors: [], closes: [{ reason: 'client' }], writes: 0 });
  });
});
