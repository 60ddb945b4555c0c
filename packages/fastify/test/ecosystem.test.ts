/** The plugins that most applications have. */
import compress, { type FastifyCompressOptions } from '@fastify/compress';
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import session from '@fastify/session';
import { collect } from '@headwater/testing';
import { type FastifyInstance, fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { ssePlugin } from '../src/index.js';
import { Client, captureLog, listen, portOf, until } from './kit.js';

const ORIGIN = 'https://app.example';
const encodings = { 'accept-encoding': 'gzip, br' };

/** Everything at once, `ssePlugin` registered first or last. */
async function everything(
  position: 'first' | 'last',
  options: FastifyCompressOptions = {},
  declare: (app: FastifyInstance) => void = () => {},
) {
  const log = captureLog();
  const app = fastify(log.options);
  if (position === 'first') await app.register(ssePlugin);
  await app.register(helmet);
  await app.register(cors, { origin: [ORIGIN], credentials: true });
  await app.register(cookie);
  await app.register(session, { secret: 's'.repeat(40), cookie: { secure: false } });
  await app.register(rateLimit, { max: 100, timeWindow: 60_000 });
  await app.register(compress, { threshold: 0, ...options });
  if (position === 'last') await app.register(ssePlugin);
  app.get('/news', (request, reply) => {
    request.session.set('user' as never, 'ada' as never);
    reply.setCookie('seen', 'yes');
    return reply.sse.subscribe('news');
  });
  app.get('/json', () => ({ text: 'x'.repeat(5_000) }));
  app.get('/fail', (_request, reply) => {
    void reply.sse;
    throw new Error('boom');
  });
  declare(app);
  return { app, log, url: await listen(app) };
}

describe.each(['first', 'last'] as const)(
  'with cookie, session, helmet, rate-limit, cors and compress, registered %s',
  (position) => {
    it('streams live, with the headers of all of them', async () => {
      const { app, log, url } = await everything(position);
      const stream = await collect(`${url}/news`, { headers: { origin: ORIGIN, ...encodings } });
      await stream.until('sse.open');
      await app.sse.publish('news', 'hello');
      expect((await stream.next()).data).toBe('hello');
      expect(stream.headers).toMatchObject({
        'content-type': 'text/event-stream',
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
        'x-ratelimit-limit': '100',
        'x-content-type-options': 'nosniff',
      });
      expect(stream.headers).not.toHaveProperty('content-encoding');
      const cookies = stream.headers['set-cookie'] ?? [];
      expect(cookies.map((text) => text.split('=')[0]).sort()).toEqual(['seen', 'sessionId']);
      expect(log.errors).toEqual([]);
    });

    it.each<[string, FastifyCompressOptions]>([
      ['matches everything', { customTypes: () => true }],
      ['names event streams', { customTypes: /event-stream|json/ }],
    ])('streams live and uncompressed where customTypes of compress %s', async (_what, options) => {
      const { app, log, url } = await everything(position, options);
      const stream = await collect(`${url}/news`, { headers: encodings });
      await stream.until('sse.open');
      await app.sse.publish('news', 'hello');
      expect((await stream.next()).data).toBe('hello');
      expect(stream.headers).not.toHaveProperty('content-encoding');
      expect((await fetch(`${url}/json`, { headers: encodings })).headers.get('content-encoding')).toBe('br');
      expect(log.errors).toEqual([]);
    });

    it('answers preflights, and errors with CORS headers', async () => {
      const { url } = await everything(position);
      const preflight = await fetch(`${url}/news`, {
        method: 'OPTIONS',
        headers: {
          origin: ORIGIN,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'last-event-id',
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-headers')).toBe('last-event-id');
      const refused = await fetch(`${url}/news`, { headers: { origin: ORIGIN, accept: 'text/event-stream;q=0' } });
      expect(refused.status).toBe(406);
      expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      const failed = await fetch(`${url}/fail`, { headers: { origin: ORIGIN } });
      expect(failed.status).toBe(500);
      expect(failed.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    });

    it('answers HEAD and lets the client go without an error', async () => {
      const { app, log, url } = await everything(position);
      const head = await fetch(`${url}/news`, { method: 'HEAD', headers: encodings });
      expect(head.status).toBe(200);
      expect(head.headers.get('content-type')).toBe('text/event-stream');
      const client = new Client(portOf(app)).request('GET /news HTTP/1.1', 'Accept-Encoding: gzip');
      await client.sees('sse.open');
      client.socket.destroy();
      await until(() => log.lines.some(({ sse }) => sse?.reason === 'client'));
      expect(log.errors).toEqual([]);
    });

    it('says loudly that inflateIfDeflated of compress is not for streams, and compress: false helps', async () => {
      const { app, log, url } = await everything(position, { inflateIfDeflated: true }, (app) => {
        app.get('/excluded', { compress: false }, (_request, reply) => reply.sse.subscribe('news'));
      });
      const refused = await fetch(`${url}/news`);
      expect(refused.status).toBe(500);
      expect(await refused.json()).toMatchObject({ code: 'ERR_SSE_PAYLOAD_REPLACED' });
      expect(log.errors[0]).toMatchObject({ err: { code: 'ERR_SSE_PAYLOAD_REPLACED' } });
      await (await collect(`${url}/excluded`)).until('sse.open');
      expect(app.sse.connections.size).toBe(1);
    });
  },
);
