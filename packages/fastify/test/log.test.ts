import { collect } from '@headwater/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHub, SseError, streamHandler } from '../src/index.js';
import { Client, captureLog, gate, listen, portOf, sendAndClose, settle, sseApp, until } from './kit.js';

const INFO = 30;
const WARN = 40;
const streams = (log: ReturnType<typeof captureLog>) => log.lines.filter(({ msg }) => msg.startsWith('event stream'));

describe('the request log', () => {
  it.each([
    ['FIN', (client: Client) => client.socket.end()],
    ['RST', (client: Client) => client.socket.resetAndDestroy()],
  ])(
    'has one line for the opening and one for the end when the client leaves (%s), none of them errors',
    async (_how, leave) => {
      const log = captureLog('trace');
      const app = await sseApp(log.options);
      app.get('/', (_request, reply) => reply.sse.subscribe('news'));
      await listen(app);
      const client = new Client(portOf(app)).request('GET / HTTP/1.1');
      await client.sees('sse.open');
      const [connection] = app.sse.connections;
      leave(client);
      await until(() => streams(log).length === 2);
      await settle();
      expect(streams(log)).toMatchObject([
        { level: INFO, msg: 'event stream opened', reqId: 'req-1', sse: { connection: connection?.id } },
        {
          level: INFO,
          msg: 'event stream closed',
          reqId: 'req-1',
          sse: { connection: connection?.id, reason: 'client' },
        },
      ]);
      expect(streams(log)[1]?.sse?.durationMs).toBeGreaterThanOrEqual(0);
      // Fastify's own line for the request is the only other one: nothing was "closed prematurely", nothing has failed.
      expect(log.lines.filter(({ msg }) => !/^event stream|^Server listening/.test(msg)).map(({ msg }) => msg)).toEqual(
        ['incoming request'],
      );
    },
  );

  it('has the reason when the server ends the stream', async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    app.get('/', (_request, reply) => {
      void reply.sse.send('x');
      reply.sse.close({ reason: 'revoked', detail: 'logged out' });
    });
    await app.inject('/');
    expect(log.lines.map(({ msg }) => msg)).toEqual([
      'incoming request',
      'event stream opened',
      'event stream closed',
      'request completed',
    ]);
    expect(streams(log)[1]).toMatchObject({ sse: { reason: 'revoked', detail: 'logged out' } });
  });

  it('has no line for streams where request logging is off', async () => {
    const log = captureLog();
    const app = await sseApp({ ...log.options, disableRequestLogging: true });
    app.get('/', (_request, reply) => sendAndClose(reply, 'x'));
    await app.inject('/');
    expect(log.lines).toEqual([]);
  });

  it("follows the route's logLevel", async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    app.get('/', { logLevel: 'warn' }, (_request, reply) => sendAndClose(reply, 'x'));
    await app.inject('/');
    expect(log.lines).toEqual([]);
  });
});

describe('failures', () => {
  it('of authorize are warnings of the request that name the cause', async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    app.get('/', streamHandler({ authorize: () => false }));
    expect((await app.inject('/?channel=news')).statusCode).toBe(403);
    expect(log.lines).toContainEqual(
      expect.objectContaining({
        level: WARN,
        reqId: 'req-1',
        msg: 'event stream denied: Not allowed: news',
        sse: expect.objectContaining({ cause: 'auth_failed', route: '/', address: '127.0.0.1' }),
      }),
    );
  });

  it('and everything else stay out of the log with logs: false, and errors are process warnings', async () => {
    const warned = gate<Error>();
    process.once('warning', warned.open);
    const log = captureLog();
    const app = await sseApp(log.options, { logs: false });
    app.get('/', (_request, reply) => {
      reply.sse.open();
      throw new Error('boom');
    });
    await app.inject('/');
    expect(await warned.promise).toMatchObject({ message: expect.stringContaining('boom') });
    expect(log.lines.filter((line) => line.sse)).toEqual([]);
    await expect(sseApp({}, { logs: 'all' as never })).rejects.toThrow(/logs must be/);
  });
});

describe('errors', () => {
  it('of a connection go to the log of its request, and are no process warnings', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => void warnings.push(warning);
    process.on('warning', listener);
    onTestFinished(() => void process.removeListener('warning', listener));
    const log = captureLog();
    const app = await sseApp(log.options);
    app.get('/', (_request, reply) => {
      const filter = () => {
        throw new Error('bad filter');
      };
      return reply.sse.subscribe('news', { filter });
    });
    const stream = await collect(`${await listen(app)}/`);
    await stream.until('sse.open');
    await app.sse.publish('news', 'x');
    await until(() => log.errors.length > 0);
    expect(log.errors).toMatchObject([
      { msg: 'bad filter', reqId: 'req-1', err: { message: 'bad filter' }, sse: { source: 'filter' } },
    ]);
    await settle();
    expect(warnings).toEqual([]);
    expect(stream.isOpen).toBe(true);
  });

  it("of no connection go to the application's log", async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    app.sse.observe({
      published() {
        throw new Error('bad observer');
      },
    });
    await app.ready();
    await app.sse.publish('news', 'x');
    expect(log.errors).toMatchObject([{ msg: 'bad observer', sse: { source: 'observer' } }]);
    expect(log.errors[0]).not.toHaveProperty('reqId');
  });

  it('that the client is to blame for are not at error level', async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    app.get('/', (_request, reply) =>
      reply.sse.send(
        (async function* () {
          yield 'x';
          throw new SseError('ERR_SSE_BAD_REQUEST', 'bad', { statusCode: 400 });
        })(),
      ),
    );
    await app.inject('/');
    expect(log.errors).toEqual([]);
    expect(log.lines).toContainEqual(expect.objectContaining({ level: INFO, msg: 'bad' }));
  });

  it('are process warnings where the application has no logger', async () => {
    const warned = gate<Error>();
    process.once('warning', warned.open);
    const app = await sseApp();
    app.get('/', (_request, reply) => {
      reply.sse.open();
      throw new Error('boom');
    });
    await app.inject('/');
    expect(await warned.promise).toMatchObject({ name: 'HeadwaterWarning', message: expect.stringContaining('boom') });
  });

  it('are logged by the application that they belong to, where several share a hub', async () => {
    const hub = createHub();
    onTestFinished(() => hub.close());
    const logs = [captureLog(), captureLog()];
    for (const [index, log] of logs.entries()) {
      const app = await sseApp(log.options, { hub });
      app.get('/', (_request, reply) => {
        reply.sse.open();
        throw new Error(`boom ${index}`);
      });
      await app.inject('/');
    }
    expect(logs.map((log) => log.errors.map(({ msg }) => msg))).toEqual([['boom 0'], ['boom 1']]);
    expect(logs.map((log) => streams(log).length)).toEqual([2, 2]);
  });

  it('are logged by another application on the hub where their own has no logger', async () => {
    const hub = createHub();
    onTestFinished(() => hub.close());
    const log = captureLog();
    const mute = await sseApp({}, { hub });
    await sseApp(log.options, { hub });
    mute.get('/', (_request, reply) => {
      reply.sse.open();
      throw new Error('boom');
    });
    await mute.inject('/');
    expect(log.errors.map(({ msg }) => msg)).toEqual(['boom']);
  });
});
