import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type HubOptions,
  type Logger,
  type LogOptions,
  logConnections,
  memoryStore,
  SseError,
} from '../../src/index.js';
import { changed, world } from '../helpers.js';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly err?: { readonly message: string };
  readonly sse: { readonly [name: string]: unknown };
}

const [INFO, WARN, ERROR] = [30, 40, 50];

/** A hub that logs to a real pino, and the lines of it. */
function logged(options: Omit<HubOptions, 'clock'> = {}, logs: Partial<LogOptions> = {}) {
  const texts: string[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (text) => void texts.push(text) });
  const made = world(options);
  const stop = logConnections(made.hub, { logger, ...logs });
  return { ...made, texts, stop, lines: (): Line[] => texts.map((text) => JSON.parse(text)) };
}

/** The process warnings of this test. */
function warnings(): Error[] {
  const seen: Error[] = [];
  const listener = (warning: Error) => void seen.push(warning);
  process.on('warning', listener);
  onTestFinished(() => void process.removeListener('warning', listener));
  return seen;
}

const REQUEST = { ip: '203.0.113.7', socket: { getProtocol: () => 'TLSv1.3' }, route: { path: '/news/:topic' } };

describe('logConnections', () => {
  it('writes one line when a stream opens and one when it ends, with who, where and how much', async () => {
    const { client, hub, lines, pass, settle } = logged();
    const { connection, transport } = client({ request: REQUEST });
    connection.principal = 'ann';
    connection.subscribe(['news', 'alerts']);
    await settle();
    await hub.publish('news', 'x');
    await pass(1_500);
    transport.cut();
    const about = {
      connection: connection.id,
      address: '203.0.113.7',
      tls: 'TLSv1.3',
      route: '/news/:topic',
      principal: 'ann',
      channels: 2,
      resume: 'fresh',
    };
    const end = { reason: 'client', durationMs: 1_500, events: 1, bytes: connection.sent.bytes, lag: 0 };
    expect(lines()).toEqual([
      { level: INFO, msg: 'event stream opened', sse: { ...about, behind: 0 } },
      { level: INFO, msg: 'event stream closed', sse: { ...about, ...end } },
    ]);
  });

  it('says how a client came to its place, and how far behind it was', async () => {
    const { client, hub, lines, settle } = logged();
    const { id } = await hub.publish('news', '1');
    for (const data of ['2', '3']) await hub.publish('news', data);
    for (const lastEventId of [id, 'old.1']) client({ lastEventId }).connection.subscribe('news');
    await settle();
    for (const connection of [...hub.connections]) connection.close();
    expect(lines().map(({ sse }) => [sse.resume, sse.behind, sse.resets])).toEqual([
      ['resumed', 2, undefined],
      ['reset', 3, undefined],
      ['resumed', undefined, undefined],
      ['reset', undefined, 1],
    ]);
  });

  it('writes the line of a stream that follows nothing in the turn in which it opens', async () => {
    const { client, lines, settle } = logged();
    const { connection } = client();
    connection.send('x');
    await settle();
    expect(lines().map(({ msg }) => msg)).toEqual(['event stream opened']);
    connection.close({ reason: 'server', detail: 'done' });
    expect(lines()[1]?.sse).toMatchObject({ reason: 'server', detail: 'done', events: 1, channels: 0 });
  });

  it('names nobody where principal is false, and asks functions for principal and route', async () => {
    const hidden = logged({}, { principal: false });
    const asked = logged({}, { principal: () => 'user-7', route: ({ request }) => (request as { at: string }).at });
    for (const { client, settle } of [hidden, asked]) {
      const { connection } = client({ request: { at: '/below/:router' } });
      connection.principal = 'ann@example.org';
      connection.subscribe('news');
      await settle();
    }
    expect(hidden.texts.join()).not.toContain('ann@');
    expect(asked.lines()[0]?.sse).toMatchObject({ principal: 'user-7', route: '/below/:router' });
  });

  it('keeps hostile texts on one line and without controls', async () => {
    const { client, lines, settle, texts } = logged();
    const evil = 'x\r\n{"level":60,"msg":"owned"}\u001b[2J\u009b31m\u2028\u202e';
    const { connection } = client({ request: { ip: evil, route: { path: evil } }, lastEventId: evil });
    connection.principal = evil;
    connection.subscribe('news');
    await settle();
    connection.close({ detail: evil });
    expect(texts).toHaveLength(2);
    for (const text of texts) expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u);
    expect(lines().map(({ level }) => level)).toEqual([INFO, INFO]);
    expect(lines()[1]?.sse).toMatchObject({ address: 'x??{"level":60,"msg":"owned"}?[2J?31m??' });
  });

  it('survives requests that throw', async () => {
    const { client, lines, settle } = logged();
    const request = {
      get ip() {
        throw new Error('no address');
      },
      get socket() {
        throw new Error('ERR_HTTP2_SOCKET_UNBOUND');
      },
    };
    client({ request }).connection.subscribe('news');
    await settle();
    expect(lines()[0]?.sse).not.toHaveProperty('address');
  });

  it('does not let a logger that throws break a stream, and warns of it once', async () => {
    const seen = warnings();
    const fail = () => {
      throw new Error('disk full');
    };
    const { client, hub, settle } = logged({}, { logger: { info: fail, warn: fail, error: fail } });
    const clients = [client(), client()];
    for (const { connection } of clients) connection.subscribe('news');
    await settle();
    await hub.publish('news', 'x');
    await settle();
    for (const { data } of clients) expect(data()).toEqual(['x']);
    clients[0]?.connection.close();
    await settle();
    expect(seen.map(({ message }) => message)).toEqual([expect.stringContaining('disk full')]);
  });

  it('asks for the logger of each connection, and without one for failures that belong to none', async () => {
    const asked: unknown[] = [];
    const logger: Logger = { info: () => {}, warn: () => {}, error: () => {} };
    const { client, hub, settle } = logged(
      {},
      {
        logger: (connection) => {
          asked.push(connection?.id);
          return logger;
        },
      },
    );
    const { connection } = client();
    connection.subscribe('news');
    await settle();
    await hub.close();
    await hub.publish('news', 'late').catch(() => {});
    await settle();
    expect(new Set(asked)).toEqual(new Set([connection.id, undefined]));
  });

  it('says so where the function answers no logger', async () => {
    const seen = warnings();
    const { client, hub, settle } = logged({}, { logger: () => undefined as never });
    const { connection, data } = client();
    connection.subscribe('news');
    await settle();
    await hub.publish('news', 'x');
    await settle();
    expect(data()).toEqual(['x']);
    expect(seen.map(({ message }) => message)).toEqual([expect.stringContaining('logger must have info()')]);
  });

  it('ends when it is told to', async () => {
    const { client, lines, settle, stop } = logged();
    stop();
    client().connection.subscribe('news');
    await settle();
    expect(lines()).toEqual([]);
  });

  it('refuses wrong options', () => {
    const { hub } = world();
    const wrong = (options: object) => () => logConnections(hub, options as LogOptions);
    expect(wrong({})).toThrow(TypeError);
    expect(wrong({ logger: {} })).toThrow(/logger must have info/);
    expect(wrong({ logger: pino(), principal: 'ann' })).toThrow(/principal must be/);
    expect(wrong({ logger: pino(), level: 'info' })).toThrow(/Unknown option "level"/);
  });
});

describe('failures', () => {
  it('of a source are named upstream, and its end is not told as an error twice', async () => {
    const { client, lines, settle } = logged();
    const { connection } = client();
    const source = (async function* () {
      yield 'x';
      throw new Error('the model is away');
    })();
    connection.send(source).catch(() => {});
    await settle();
    expect(lines().map(({ level, msg, sse }) => [level, msg, sse.cause])).toEqual([
      [INFO, 'event stream opened', undefined],
      [ERROR, 'the model is away', 'upstream'],
      [INFO, 'event stream closed', 'upstream'],
    ]);
    expect(lines()[1]).toMatchObject({ err: { message: 'the model is away' }, sse: { source: 'source' } });
  });

  it('of a snapshot that does not come are sync_timeout', async () => {
    const { client, lines, pass, settle } = logged({ snapshot: () => new Promise(() => {}), callbackTimeoutMs: 500 });
    client({ lastEventId: 'old.1' })
      .connection.subscribe('news')
      .catch(() => {});
    await settle();
    await pass(1_000, 250);
    expect(lines().map(({ level, sse }) => [level, sse.cause, sse.reason])).toEqual([
      [ERROR, 'sync_timeout', undefined],
      [INFO, undefined, undefined],
      [INFO, 'sync_timeout', 'error'],
    ]);
  });

  it('are warnings for who is refused or denied', async () => {
    const { client, lines, settle } = logged({ maxConnections: 1, origins: ['https://app.example'] });
    client().connection.subscribe('news');
    client({ request: REQUEST }).connection.subscribe('news');
    expect(() => client({ origin: 'https://evil.example' }).connection.subscribe('news')).toThrow();
    await settle();
    const failed = lines().filter(({ level }) => level === WARN);
    expect(failed.map(({ sse }) => [sse.cause, sse.detail])).toEqual([
      ['refused', 'too many connections'],
      ['origin_denied', 'Origin "https://evil.example" is not allowed'],
    ]);
    expect(failed[0]?.sse).toMatchObject({ address: '203.0.113.7', route: '/news/:topic' });
  });

  it('have one line for a client that is too slow, and one for who is revoked', async () => {
    const { client, hub, lines, pass, settle } = logged({ stallMs: 1_000 });
    const slow = client();
    slow.connection.subscribe('news');
    const revoked = client();
    revoked.connection.principal = 'ann';
    revoked.connection.subscribe('news');
    await settle();
    slow.transport.pause();
    await hub.publish('news', 'x'.repeat(100_000));
    await pass(5_000);
    await hub.revoke({ principal: 'ann' });
    await settle();
    const ends = lines().slice(2);
    expect(ends.map(({ level, sse }) => [level, sse.reason, sse.cause])).toEqual([
      [WARN, 'slow', 'slow_client'],
      [INFO, 'revoked', 'auth_revoked'],
    ]);
  });

  it('do not flood the log while a store is down: ten lines of a cause in ten seconds, then how many were left out', async () => {
    let isDown = false;
    const store = memoryStore();
    const failing = changed(store, {
      append: (entries, at) =>
        isDown ? Promise.reject(new SseError('ERR_SSE_STORE', 'down')) : store.append(entries, at),
    });
    const { hub, lines, pass, settle } = logged({ store: failing });
    await settle();
    isDown = true;
    const publish = (count: number) =>
      Promise.allSettled(Array.from({ length: count }, () => hub.publish('news', 'x')));
    await publish(500);
    expect(lines()).toHaveLength(10);
    expect(lines().every(({ level, sse }) => level === ERROR && sse.cause === 'store')).toBe(true);
    await pass(10_000);
    await publish(1);
    expect(lines()).toHaveLength(11);
    expect(lines()[10]?.sse).toMatchObject({ cause: 'store', source: 'publish', suppressed: 490 });
  });
});
