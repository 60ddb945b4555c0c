/** Ten thousand requests that nobody would send in good faith, to the stream, its JSON and the acks, in both frameworks. */
import { connect } from 'node:net';
import { coreOf } from '@headwater/core/node';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { FRAMEWORKS, OWNERS, startTenants, type Tenants } from './kit/tenants.js';
import { DEADLINE_MS, until } from './kit/wait.js';

const AT_ONCE = 50;
const ROUNDS = 100;

interface Hostile {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly user: 'ann' | 'bob' | 'ann, bob' | '';
  readonly region: 'eu' | 'us' | '';
}

/** Stands for an id of the log: which one is known only when it is sent. */
const SOME_ID = '<some id>';

const nasty = fc.constantFrom(
  '..%2f..%2fetc',
  "' OR 1=1--",
  '*',
  '__proto__',
  'constructor',
  '%00',
  '%0d%0aset-cookie:%20x=1',
  '%ff%fe',
  '%',
  '{"$gt":""}',
  'x'.repeat(500),
  '-1',
  '1e999',
  'NaN',
);
const channel = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'ann.inbox',
      'bob.inbox',
      'eu.inbox',
      'public',
      '',
      'ann.inbox%20',
      'ann.inbox|',
      '_control',
    ),
  },
  nasty,
  fc.string({ maxLength: 30 }).map((text) => encodeURIComponent(text)),
);
const id = fc.oneof(
  { weight: 4, arbitrary: fc.constant(SOME_ID) },
  fc.constantFrom('0.0', 'x.1', `x.${'z'.repeat(20)}`, 'é.1', 'a.b.c', '.', 'x'.repeat(9_000)),
  nasty,
);
const parameter = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('channel', 'channels'), channel) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant('channels'),
      fc.array(channel, { maxLength: 14 }).map((list) => list.join()),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('after', 'seq', 'id', 'lastEventId', 'last_event_id'), id) },
  fc.tuple(fc.constant('clientId'), fc.oneof(fc.constantFrom('phone', 'a b', ''), nasty)),
  fc.tuple(fc.constant('limit'), fc.oneof(fc.constantFrom('1', '0', '-1', '999999', '1.5', '0x10'), nasty)),
  fc.tuple(
    fc.constantFrom('heartbeat', 'prev', 'refusal'),
    fc.oneof(fc.constantFrom('0', 'event', '1', 'status', '1e9'), nasty),
  ),
  fc.tuple(nasty, nasty),
);
/** Anything but the line ends, which would make it two headers. */
const value = fc
  .oneof(fc.string({ unit: 'binary-ascii', maxLength: 40 }), fc.constantFrom('\u009b31mred', 'a\u0085b'))
  .map((text) => text.replaceAll(/[\r\n]/g, ''));
const header = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('Last-Event-ID'), id) },
  fc.tuple(fc.constant('Accept'), fc.oneof(value, fc.constantFrom('text/event-stream;q=0', '*/*;q=', ',,,', '"'))),
  fc.tuple(
    fc.constant('Origin'),
    fc.oneof(value, fc.constantFrom('null', 'https://app.example', 'https://evil.example')),
  ),
  fc.tuple(fc.constant('Sec-Fetch-Site'), fc.constantFrom('cross-site', 'same-origin', 'none', 'x')),
  fc.tuple(fc.constant('Host'), fc.oneof(value, fc.constantFrom('[', 'a:b:c', '//'))),
  fc.tuple(fc.constant('Connection'), fc.constantFrom('close', 'keep-alive', 'upgrade', 'x')),
  fc.tuple(fc.constant('Expect'), fc.constantFrom('100-continue', 'x')),
  fc.tuple(fc.constant('Range'), fc.constant('bytes=0-0')),
  fc.tuple(fc.constantFrom('If-None-Match', 'Cookie', 'X-Forwarded-For', 'Content-Encoding', 'X-Nonsense'), value),
);
const users = fc.constantFrom<Hostile['user']>('ann', 'bob', 'ann, bob', '');
const regions = fc.constantFrom<Hostile['region']>('eu', 'us', '');
const wild: fc.Arbitrary<Hostile> = fc.record({
  method: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('GET', 'POST') },
    fc.constantFrom('HEAD', 'PUT', 'OPTIONS', 'DELETE', 'BREW'),
  ),
  path: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('/events', '/sync', '/ack') },
    fc.constantFrom('//events', '/events/', '/events/%', 'http://x/events', '*'),
  ),
  query: fc.array(parameter, { maxLength: 8 }),
  headers: fc.array(header, { maxLength: 5 }),
  body: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, fc.json(), fc.string({ maxLength: 200 })),
  user: users,
  region: regions,
});
/** Well formed, so that it comes far: but the channels may be another's, and the id anybody's. */
const tame: fc.Arbitrary<Hostile> = fc.record({
  method: fc.constant('GET'),
  path: fc.constantFrom('/events', '/sync'),
  query: fc.tuple(
    fc.tuple(
      fc.constant('channels'),
      fc
        .subarray(['ann.inbox', 'bob.inbox', 'eu.inbox', 'public'], { minLength: 1, maxLength: 2 })
        .map((list) => list.join()),
    ),
    fc.tuple(
      fc.constantFrom('after', 'lastEventId', 'clientId'),
      fc.oneof({ weight: 3, arbitrary: fc.constant(SOME_ID) }, id),
    ),
  ),
  headers: fc.array(fc.tuple(fc.constant('Last-Event-ID'), id), { maxLength: 1 }),
  body: fc.constant(''),
  user: users,
  region: regions,
});
const hostile = fc.oneof(wild, tame);

it.each(FRAMEWORKS)(
  '5,000 hostile requests to %s: no 5xx, nothing of another tenant, and nothing left behind',
  async (framework) => {
    const tenants = await startTenants(framework);
    onTestFinished(async () => {
      await tenants.hub.close();
      tenants.server.close();
      tenants.server.closeAllConnections();
    });
    let ids = await tenants.publish();
    const seen = { requests: 0, streams: 0, answers: 0, own: 0 };
    const property = fc.asyncProperty(
      fc.array(hostile, { minLength: AT_ONCE, maxLength: AT_ONCE }),
      async (requests) => {
        const visits = requests.map((request, index) => visit(tenants, request, ids[index % ids.length] as string));
        await Promise.all(visits.map(({ answered }) => answered));
        // Streams get something live as well.
        ids = await tenants.publish();
        for (const [index, { request, leave }] of visits.entries()) {
          const text = await leave();
          const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
          expect([request, status < 500 && status >= 100]).toEqual([request, true]);
          for (const owner of OWNERS) {
            const mayHave = owner === request.user || owner === request.region;
            if (!mayHave) expect([request, text.includes(`secret-of-${owner}`)]).toEqual([request, false]);
            else if (text.includes(`secret-of-${owner}`)) seen.own++;
          }
          seen.requests += index >= 0 ? 1 : 0;
          if (text.includes('event: sse.open')) seen.streams++;
          else if (text.includes('"events":[')) seen.answers++;
        }
      },
    );
    await fc.assert(property, { numRuns: ROUNDS, seed: 41, endOnFailure: true });
    expect(seen.requests).toBe(AT_ONCE * ROUNDS);
    // Otherwise it would have shown nothing.
    for (const count of [seen.streams, seen.answers, seen.own]) expect(count).toBeGreaterThan(100);
    // What names the request in a log stays on its line, and moves no cursor of a terminal.
    expect(tenants.logged.length).toBeGreaterThan(500);
    expect(tenants.logged.filter((line) => hasControls(line))).toEqual([]);
    const core = coreOf(tenants.hub);
    await until(() => tenants.hub.connections.size === 0 && core.cursors.size === 0 && core.lingering === 0);
    const open = () =>
      new Promise<number>((resolve) => tenants.server.getConnections((_error, count) => resolve(count)));
    while ((await open()) > 0);
    const { id } = await tenants.hub.publish('public', 'still here');
    expect(tenants.hub.health()).toMatchObject({ live: true, ready: true });
    expect(id).toMatch(/^[a-z0-9]+\.[a-z0-9]+$/);
  },
  120_000,
);

interface Visit {
  readonly request: Hostile;
  /** Resolves when there is an answer: a whole one, or a stream's beginning. */
  readonly answered: Promise<void>;
  /** Hangs up, and resolves to everything that came. */
  leave(): Promise<string>;
}

function visit({ port }: Tenants, request: Hostile, someId: string): Visit {
  const { method, path, query, headers, body, user, region } = request;
  const own: [string, string][] = [
    ['Host', 'localhost'],
    ...(user ? [['X-User', user] as [string, string]] : []),
    ...(region ? [['X-Region', region] as [string, string]] : []),
    ...(body
      ? ([
          ['Content-Type', 'application/json'],
          ['Content-Length', String(Buffer.byteLength(body))],
        ] as [string, string][])
      : []),
  ];
  const target = query.length > 0 ? `${path}?${query.map(([name, text]) => `${name}=${text}`).join('&')}` : path;
  const lines = [`${method} ${target} HTTP/1.1`, ...[...own, ...headers].map(([name, text]) => `${name}: ${text}`)];
  const bytes = `${lines.join('\r\n').replaceAll(SOME_ID, someId)}\r\n\r\n${body}`;
  let text = '';
  const socket = connect(port, '127.0.0.1', () => void socket.write(bytes, 'latin1'));
  socket.setEncoding('utf8').on('error', () => {});
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
  const answered = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No answer to ${JSON.stringify(request)}`)), DEADLINE_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('close', done);
    socket.on('data', (part: string) => {
      text += part;
      if (isAnswered(text, method)) done();
    });
  });
  const leave = async () => {
    socket.destroy();
    await closed;
    return text;
  };
  return { request, answered, leave };
}

/** The head of the last answer is there (100 is none yet), and its body, or a stream's first event. */
function isAnswered(text: string, method: string): boolean {
  const answer = text.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, '');
  const end = answer.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const head = answer.slice(0, end).toLowerCase();
  if (method === 'HEAD' || /^http\/1\.1 (?:204|304)/.test(head)) return true;
  if (head.includes('text/event-stream')) return answer.includes('event: sse.') || answer.includes('\r\n0\r\n\r\n');
  const length = /content-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return Buffer.byteLength(answer.slice(end + 4)) >= Number(length);
  return answer.endsWith('0\r\n\r\n');
}

function hasControls(text: string): boolean {
  return [...text].some((character) => /[\p{Cc}\u2028\u2029]/u.test(character));
}
