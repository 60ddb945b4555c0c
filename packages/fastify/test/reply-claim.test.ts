import { collect } from '@headwater/testing';
import { describe, expect, it } from 'vitest';
import { type Connection, ssePlugin } from '../src/index.js';
import { captureLog, listen, sendAndClose, sseApp } from './kit.js';

describe('a reply', () => {
  it('rejects a second open() with ERR_SSE_HEADERS_SENT', async () => {
    const app = await sseApp();
    let thrown: unknown;
    app.get('/', (_request, reply) => {
      reply.sse.open();
      try {
        reply.sse.open();
      } catch (error) {
        thrown = error;
      }
      reply.sse.close();
    });
    expect((await app.inject('/')).statusCode).toBe(200);
    expect(thrown).toMatchObject({ code: 'ERR_SSE_HEADERS_SENT' });
  });

  it('cannot be opened after the reply was sent', async () => {
    const app = await sseApp();
    let thrown: unknown;
    // As a slow hook does: the answer is under way, and no header sent.
    app.addHook('onSend', async () => {});
    app.get('/', (_request, reply) => {
      void reply.sse;
      reply.send('plain');
      try {
        reply.sse.open();
      } catch (error) {
        thrown = error;
      }
    });
    expect((await app.inject('/')).body).toBe('plain');
    expect(thrown).toMatchObject({ code: 'ERR_SSE_HEADERS_SENT' });
  });

  it('cannot be opened on a reply that was hijacked', async () => {
    const app = await sseApp();
    app.get('/', (_request, reply) => {
      reply.hijack();
      let code: unknown;
      try {
        reply.sse.open();
      } catch (error) {
        code = (error as { code: unknown }).code;
      }
      reply.raw.end(String(code));
    });
    expect((await app.inject('/')).body).toBe('ERR_SSE_HEADERS_SENT');
  });

  it('reports what is sent besides the stream, and goes on', async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    let connection: Connection | undefined;
    app.get('/', (_request, reply) => {
      connection = reply.sse.open();
      reply.send({ besides: true });
      reply.redirect('/elsewhere');
    });
    const stream = await collect(`${await listen(app)}/`);
    expect(log.errors.map(({ err }) => err?.code)).toEqual(['ERR_SSE_HEADERS_SENT', 'ERR_SSE_HEADERS_SENT']);
    expect(log.errors[0]?.msg).toBe('Cannot send an object of class Object: the reply is an event stream already');
    void connection?.send('still here');
    expect((await stream.next()).data).toBe('still here');
    expect(stream.status).toBe(200);
  });

  it('has one stream, whatever the number of its decorators', async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    await app.register(ssePlugin, { decorator: 'events' });
    app.get('/', async (_request, reply) => {
      const events = reply.getDecorator<Connection>('events');
      void reply.sse.send('from sse');
      expect(() => events.open()).toThrow(expect.objectContaining({ code: 'ERR_SSE_HEADERS_SENT' }));
      reply.sse.close();
      return 'besides';
    });
    app.get('/other', async (_request, reply) => {
      void reply.sse;
      return void sendAndClose({ sse: reply.getDecorator<Connection>('events') }, 'from events');
    });
    expect((await app.inject('/')).body).toContain('data: from sse');
    expect((await app.inject('/other')).body).toContain('data: from events');
    expect(log.errors).toEqual([]);
  });
});
