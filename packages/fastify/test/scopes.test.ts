import { collect } from '@headwater/testing';
import { type FastifyPluginAsync, fastify } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHub, type Hub, ssePlugin } from '../src/index.js';
import { captureLog, listen, sendAndClose, sseApp } from './kit.js';

function hub(): Hub {
  const made = createHub();
  onTestFinished(() => made.close());
  return made;
}

/** Another plugin that decorates the same name. */
const foreign = (decorate: 'app' | 'reply value' | 'reply method' | 'reply getter', name = 'sse') =>
  fastifyPlugin(async (app) => {
    if (decorate === 'app') app.decorate(name, 'theirs');
    else if (decorate === 'reply value') app.decorateReply(name, null);
    else if (decorate === 'reply method') app.decorateReply(name, () => {});
    else app.decorateReply(name, { getter: () => 'theirs' });
  });

describe('ssePlugin', () => {
  describe('where the name is taken', () => {
    it.each(['app', 'reply value', 'reply method', 'reply getter'] as const)(
      'by another plugin (%s) fails with ERR_SSE_DECORATED and names the option',
      async (what) => {
        const app = fastify();
        await app.register(foreign(what));
        await expect(app.register(ssePlugin)).rejects.toMatchObject({
          code: 'ERR_SSE_DECORATED',
          message: expect.stringMatching(/(app|reply)\.sse is decorated already.*\{ decorator: 'events' \}/),
        });
      },
    );

    it.each(['app', 'reply value', 'reply method', 'reply getter'] as const)(
      'by another plugin in a scope around (%s) fails too',
      async (what) => {
        const app = fastify();
        await app.register(foreign(what));
        app.register(async (inner) => {
          await inner.register(ssePlugin);
        });
        await expect(app.ready()).rejects.toMatchObject({ code: 'ERR_SSE_DECORATED' });
      },
    );

    it.each(['app', 'reply value', 'reply method', 'reply getter'] as const)(
      'by another plugin (%s) in a scope below a registration fails too',
      async (what) => {
        const app = await sseApp();
        app.register(async (inner) => {
          await inner.register(foreign(what));
          await inner.register(ssePlugin);
        });
        await expect(app.ready()).rejects.toMatchObject({
          code: 'ERR_SSE_DECORATED',
          message: expect.stringContaining("{ decorator: 'events' }"),
        });
      },
    );

    it.each(['log', 'register', 'send', 'raw'])('by Fastify (%s) fails too', async (decorator) => {
      await expect(sseApp({}, { decorator })).rejects.toMatchObject({ code: 'ERR_SSE_DECORATED' });
    });

    it('by itself in the same scope fails, and another name helps', async () => {
      const app = await sseApp();
      await expect(app.register(ssePlugin)).rejects.toMatchObject({
        code: 'ERR_SSE_DECORATED',
        message: expect.stringContaining('ssePlugin is registered as "sse" in this scope already'),
      });
      const other = await sseApp();
      const second = hub();
      await other.register(ssePlugin, { hub: second, decorator: 'admin' });
      expect(other.getDecorator<Hub>('admin')).toBe(second);
      expect(other.sse).not.toBe(second);
    });
  });

  describe('in scopes', () => {
    it('is seen by scopes within and not by those beside it', async () => {
      const app = fastify();
      app.register(async (scope) => {
        await scope.register(ssePlugin);
        scope.register(async (inner) => {
          inner.get('/within', async (_request, reply) => reply.sse.hub === scope.sse);
        });
      });
      app.get('/beside', async (_request, reply) => ({ reply: 'sse' in reply, app: app.hasDecorator('sse') }));
      expect((await app.inject('/within')).json()).toBe(true);
      expect((await app.inject('/beside')).json()).toEqual({ reply: false, app: false });
      await app.close();
    });

    it('may have another hub within: its routes stream from that', async () => {
      const [outer, inner] = [hub(), hub()];
      const app = await sseApp({}, { hub: outer });
      app.get('/outer', (_request, reply) => reply.sse.subscribe('news'));
      app.register(async (scope) => {
        await scope.register(ssePlugin, { hub: inner });
        expect(scope.sse).toBe(inner);
        scope.get('/inner', (_request, reply) => reply.sse.subscribe('news'));
      });
      const url = await listen(app);
      const streams = [await collect(`${url}/outer`), await collect(`${url}/inner`)] as const;
      for (const stream of streams) await stream.until('sse.open');
      expect(app.sse).toBe(outer);
      await outer.publish('news', 'for outer');
      await inner.publish('news', 'for inner');
      expect((await streams[0].next()).data).toBe('for outer');
      expect((await streams[1].next()).data).toBe('for inner');
    });

    it('has the hub around it where it names none', async () => {
      const own = hub();
      const log = captureLog();
      const app = await sseApp(log.options, { hub: own });
      const feature: FastifyPluginAsync = async (scope) => {
        await scope.register(ssePlugin, { trustQuery: false });
        expect(scope.sse).toBe(own);
        scope.get('/', async (_request, reply) => reply.sse.lastEventId ?? 'none');
        scope.get('/stream', (_request, reply) => sendAndClose(reply, 'x'));
      };
      app.register(feature);
      app.get('/outer', async (_request, reply) => reply.sse.lastEventId ?? 'none');
      expect((await app.inject('/?lastEventId=a')).body).toBe('none');
      expect((await app.inject('/outer?lastEventId=a')).body).toBe('a');
      // Not twice, though two registrations serve the route.
      await app.inject('/stream');
      expect(log.lines.filter(({ msg }) => msg.startsWith('event stream'))).toHaveLength(2);
    });
  });
});
