/** Logs over real servers: Express with pino and pino-http, over TLS and HTTP/2, and Fastify by itself. */
import { once } from 'node:events';
import { connect, createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { accept } from '@headwater/core/node';
import { createHub, type Hub, logConnections, sse, streamHandler } from '@headwater/express';
import { ssePlugin, streamHandler as streamRoute } from '@headwater/fastify';
import { collect } from '@headwater/testing';
import express, { type Request } from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pem } from './kit/certificate.js';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly reqId?: string;
  readonly req?: { readonly id: number };
  readonly sse?: { readonly [name: string]: unknown };
}

const [INFO, WARN] = [30, 40];
const TLS = { key: pem, cert: pem };
const insecure = { tls: { rejectUnauthorized: false } };

/** A pino, its lines, and those of them that are about streams, once there are so many. */
function capture() {
  const texts: string[] = [];
  const stream = { write: (text: string) => void texts.push(text) };
  const lines = () => texts.map((text): Line => JSON.parse(text)).filter(({ sse }) => sse !== undefined);
  const until = async (count: number): Promise<Line[]> => {
    while (lines().length < count) await new Promise((resolve) => setImmediate(resolve));
    return lines();
  };
  return { stream, texts, until, logger: pino({ base: null }, stream) };
}

function newHub(): Hub {
  const hub = createHub();
  onTestFinished(() => hub.close());
  return hub;
}

async function listen(
  server: ReturnType<typeof createServer> | ReturnType<typeof createSecureServer>,
): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

const about = { address: expect.stringMatching(/127\.0\.0\.1$/), tls: 'TLSv1.3', channels: 1, resume: 'fresh' };

describe.each([
  ['5', express],
  ['4', express4 as unknown as typeof express],
])('Express %s', (_version, framework) => {
  it('over TLS: who came, by which route, and how it ended, in the log of the request', async () => {
    const { logger, until, texts } = capture();
    const hub = newHub();
    logConnections(hub, { logger: (connection) => (connection?.request as Request | undefined)?.log ?? logger });
    const app = framework();
    app.use(pinoHttp({ logger, autoLogging: false }), sse({ hub }));
    app.get('/users/:id/news', (req, res) => {
      res.sse.principal = req.params.id;
      void res.sse.subscribe('news');
    });
    const url = await listen(createServer(TLS, app));
    const stream = await collect(`${url}/users/ann/news?token=secret`, insecure);
    await stream.until('sse.open');
    await stream.close();
    const [opened, closed] = await until(2);
    const seen = { ...about, route: '/users/:id/news', principal: 'ann' };
    expect(opened).toMatchObject({ level: INFO, msg: 'event stream opened', req: { id: 1 }, sse: seen });
    expect(closed).toMatchObject({
      level: INFO,
      msg: 'event stream closed',
      req: { id: 1 },
      sse: { ...seen, reason: 'client' },
    });
    expect(JSON.stringify([opened?.sse, closed?.sse])).not.toContain('secret');
    expect(texts.some((text) => text.includes('"level":50'))).toBe(false);
  });

  it('who is not allowed, and what a proxy says of an address, cannot write lines of their own', async () => {
    const { logger, until, texts } = capture();
    const hub = newHub();
    logConnections(hub, { logger });
    const app = framework();
    app.set('trust proxy', true);
    app.use(sse({ hub }));
    app.get('/events', streamHandler({ authorize: () => false }));
    const url = await listen(createServer(TLS, app));
    const headers = { 'x-forwarded-for': '\u009b2J{"level":60}', origin: 'http://x\u0085y', 'last-event-id': '\u009b' };
    const refused = await collect(`${url}/events?channel=news`, { ...insecure, headers });
    expect(refused.status).toBe(403);
    await refused.close();
    const [denied] = await until(1);
    expect(denied).toMatchObject({
      level: WARN,
      msg: 'event stream denied: Not allowed: news',
      sse: { cause: 'auth_failed', address: '?2J{"level":60}', route: '/events', channels: 0 },
    });
    expect(texts[0]?.trimEnd()).not.toMatch(/\p{Cc}/u);
  });
});

describe('node:http2', () => {
  it('knows address and TLS version too, also at the end', async () => {
    const { logger, until } = capture();
    const hub = newHub();
    logConnections(hub, { logger });
    const server = createSecureServer(TLS, (req, res) => void accept(req, res, hub).subscribe('news'));
    const url = await listen(server);
    const session = connect(url, insecure.tls);
    const stream = session.request();
    await once(stream, 'data');
    await until(1);
    session.destroy();
    for (const { sse } of await until(2)) expect(sse).toMatchObject(about);
  });
});

describe('Fastify', () => {
  it('by itself: the same lines in request.log, with the whole route', async () => {
    const { stream: destination, until } = capture();
    const app = fastify({ https: TLS, logger: { stream: destination } });
    onTestFinished(() => app.close());
    await app.register(ssePlugin);
    const routes = async (scope: typeof app) => {
      scope.get('/:id/news', streamRoute({ authorize: () => ({ principal: 'ann' }) }));
    };
    await app.register(routes as never, { prefix: '/users' });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const stream = await collect(`${url}/users/7/news?channel=news&token=secret`, insecure);
    await stream.until('sse.open');
    await stream.close();
    const seen = { ...about, route: '/users/:id/news', principal: 'ann' };
    expect(await until(2)).toMatchObject([
      { msg: 'event stream opened', reqId: 'req-1', sse: seen },
      { msg: 'event stream closed', reqId: 'req-1', sse: { ...seen, reason: 'client' } },
    ]);
  });
});
