import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHub, type Hub } from '@headwater/express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../src/clock.js';
import { type ConnectOptions, connect, type EventStream } from '../src/index.js';
import { storedIn } from '../src/storage/index.js';
import { FRAMEWORKS, listen } from './kit/servers.js';

const FAST: ConnectOptions = { backoffMs: 1 };
const WAIT = { timeout: 20_000, interval: 5 };

function newHub(): Hub {
  const hub = createHub({ retryMs: 250 });
  onTestFinished(() => hub.close());
  return hub;
}

function follow(url: string, options: ConnectOptions = {}): EventStream {
  const stream = connect(url, { ...FAST, ...options });
  onTestFinished(() => stream.close());
  return stream;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function publish(hub: Hub, from: number, to: number): Promise<void> {
  await Promise.all(upTo(to - from).map((n) => hub.publish('numbers', { data: from + n })));
}

describe.each(FRAMEWORKS)('%s: resuming', (_name, framework) => {
  it('every event once and in order, however often the connection breaks', async () => {
    const hub = newHub();
    const server = await framework.serve(hub, (sse) => sse.subscribe('numbers', { from: 'earliest' }));
    const stream = follow(`${server.url}/numbers`);
    const seen: unknown[] = [];
    stream.on('message', ({ data }) => seen.push(data));
    for (let round = 0; round < 5; round++) {
      const half = round * 1_000 + 500;
      await publish(hub, round * 1_000, half);
      await vi.waitUntil(() => seen.length > round * 1_000, WAIT);
      server.cut();
      await publish(hub, half, half + 500);
    }
    await vi.waitUntil(() => seen.length >= 5_000, WAIT);
    expect(seen).toEqual(upTo(5_000));
  });

  it('a reloaded page loses nothing and gets nothing twice, over 10,000 events', async () => {
    const hub = newHub();
    const server = await framework.serve(hub, (sse) => sse.subscribe('numbers', { from: 'earliest' }));
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    const seen: unknown[] = [];
    let page = follow(`${server.url}/numbers`, { position: storedIn(storage) });
    for (let round = 0; round < 20; round++) {
      page.on('message', ({ data }) => seen.push(data));
      await publish(hub, round * 500, round * 500 + 500);
      await vi.waitUntil(() => seen.length > round * 500 + 50, WAIT);
      page.close();
      page = follow(`${server.url}/numbers`, { position: storedIn(storage) });
    }
    page.on('message', ({ data }) => seen.push(data));
    await vi.waitUntil(() => seen.length >= 10_000, WAIT);
    expect(seen).toEqual(upTo(10_000));
  });

  it('is catching up until the last event that was missed, and live from there, whatever the clock says', async () => {
    const hub = newHub();
    const server = await framework.serve(hub, (sse) => sse.subscribe('numbers'));
    const [{ id }] = await Promise.all([hub.publish('numbers', { data: 0 }), publish(hub, 0, 5_000)]);
    // The head of the log belongs to another channel: no event that comes could tell the end.
    await hub.publish('letters', { data: 'x' });
    // No timer ever fires, so silence tells nothing.
    const clock = { ...systemClock, setTimer: () => 0, clearTimer: () => {} };
    const stream = follow(`${server.url}/numbers`, { clock, lastEventId: id });
    let received = 0;
    const states: [string, number][] = [];
    stream.on('message', () => received++);
    stream.on('sse.status', ({ state }) => states.push([state, received]));
    await vi.waitUntil(() => stream.status.state === 'live', WAIT);
    expect(states).toEqual([
      ['catching-up', 0],
      ['live', 5_000],
    ]);
  });

  it('typed control events of a reset arrive, and the stream goes on', async () => {
    const hub = newHub();
    const server = await framework.serve(hub, (sse) => sse.subscribe('numbers'));
    await publish(hub, 0, 3);
    const stream = follow(`${server.url}/numbers`, { lastEventId: 'gone.1' });
    const seen: unknown[] = [];
    stream.on('sse.reset', ({ data }) => seen.push(data));
    stream.on('message', ({ data }) => seen.push(data));
    stream.on('sse.live', ({ type }) => seen.push(type));
    await vi.waitUntil(() => seen.length >= 5, WAIT);
    // All that is retained follows from a place of its own: the repair is complete before the first of it.
    expect(seen).toEqual([{ channels: ['numbers'], reason: 'epoch' }, 'sse.live', 1, 2, 3]);
    await publish(hub, 3, 4);
    await vi.waitUntil(() => seen.length >= 6, WAIT);
    expect(seen.at(-1)).toBe(4);
  });

  it('a hub that is full is asked again at its time', async () => {
    const hub = createHub({ maxConnections: 1, refusalRetrySeconds: [1, 1], retryMs: 250 });
    onTestFinished(() => hub.close());
    const server = await framework.serve(hub, (sse) => sse.subscribe('numbers', { from: 'earliest' }));
    const first = follow(`${server.url}/numbers`);
    await vi.waitUntil(() => first.status.state === 'live', WAIT);
    const second = follow(`${server.url}/numbers`);
    const statuses: unknown[] = [];
    second.on('sse.error', ({ status, retryAfterMs }) => statuses.push(status, retryAfterMs));
    await vi.waitUntil(() => statuses.length > 0, WAIT);
    expect(statuses.slice(0, 2)).toEqual([503, 1_000]);
    first.close();
    await vi.waitUntil(() => second.status.state === 'live', WAIT);
  });
});

describe('a load balancer that answers 502 and 503 for a while', () => {
  it('is survived with every event once and in order', async () => {
    const hub = newHub();
    const [, express] = FRAMEWORKS[0]!;
    const origin = await express.serve(hub, (sse) => sse.subscribe('numbers', { from: 'earliest' }));
    let isIll = false;
    let refused = 0;
    const balance = async (req: IncomingMessage, res: ServerResponse) => {
      if (isIll)
        return void res.writeHead(refused++ % 2 ? 502 : 503, { 'content-type': 'text/html' }).end('<h1>Ill</h1>');
      const headers = req.headers['last-event-id'] ? { 'last-event-id': String(req.headers['last-event-id']) } : {};
      const answer = await fetch(`${origin.url}${req.url}`, { headers });
      res.writeHead(answer.status, { 'content-type': 'text/event-stream' });
      try {
        for await (const bytes of answer.body ?? []) res.write(bytes);
      } finally {
        res.end();
      }
    };
    const balancer = await listen((req, res) => void balance(req, res).catch(() => res.destroy()));
    const stream = follow(`${balancer.url}/numbers`);
    const seen: unknown[] = [];
    stream.on('message', ({ data }) => seen.push(data));
    await publish(hub, 0, 100);
    await vi.waitUntil(() => seen.length >= 100, WAIT);
    isIll = true;
    balancer.cut();
    await publish(hub, 100, 200);
    await vi.waitUntil(() => refused >= 4, WAIT);
    isIll = false;
    await vi.waitUntil(() => seen.length >= 200, WAIT);
    expect(seen).toEqual(upTo(200));
  });
});
