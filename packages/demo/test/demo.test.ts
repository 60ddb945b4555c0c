import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Demo, type StartOptions, startDemo } from '../src/demo.js';
import { useBuiltClient } from './built-client.js';
import { type ReadEvent, readUntil } from './read-stream.js';
import { temporaryFolder } from './temporary.js';

useBuiltClient();

async function start(options: Partial<StartOptions> = {}) {
  const log = join(temporaryFolder(), 'app.log');
  await writeFile(log, 'first\n');
  const errors: unknown[] = [];
  const demo = await startDemo({
    log,
    ownLog: false,
    data: undefined,
    host: '127.0.0.1',
    port: 0,
    fastifyPort: 0,
    intervalMs: 20,
    drainMs: 0,
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(() => demo.close());
  return { demo, log, errors };
}

const urls = (demo: Demo) => [`${demo.expressUrl}events`, `${demo.fastifyUrl}events`] as const;
const isLine = (text: string) => (event: ReadEvent) => event.event === 'line' && event.data === text;
const isTelemetry = ({ event }: ReadEvent) => event === 'telemetry';
/** A new client gets the earlier ones in one message. */
const linesOf = (events: readonly ReadEvent[]) =>
  events.flatMap(({ event, data }) => (event === 'line' ? [data] : event === 'lines' ? JSON.parse(data) : []));

describe('startDemo', () => {
  it('serves the telemetry of this machine through both servers', async () => {
    const { demo } = await start();
    for (const url of urls(demo)) {
      const events = await readUntil(url, isTelemetry);
      expect(
        events
          .slice(0, 2)
          .map(({ event }) => event)
          .sort(),
      ).toEqual(['lines', 'sse.open']);
      expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({
        cores: expect.toSatisfy((cores) => cores.length === os.cpus().length),
        memory: { total: os.totalmem() },
        load: expect.any(Array),
        eventLoop: { mean: expect.any(Number), p99: expect.any(Number), max: expect.any(Number) },
      });
    }
  });

  it('serves the lines of a log, those that were there first, through both servers', async () => {
    const { demo, log, errors } = await start();
    const reading = urls(demo).map((url) => readUntil(url, isLine('zweite Zeile: größer')));
    await appendFile(log, 'second\nzweite ');
    await appendFile(log, 'Zeile: größer\n');
    for (const events of await Promise.all(reading)) {
      expect(linesOf(events)).toEqual(['first', 'second', 'zweite Zeile: größer']);
    }
    expect(errors).toEqual([]);
  });

  it('resumes after Last-Event-ID, through the other server too', async () => {
    const { demo, log } = await start();
    const [express, fastify] = urls(demo);
    let hasFirst = false;
    const before = await readUntil(express, (event) => {
      hasFirst ||= linesOf([event]).includes('first');
      return hasFirst && isTelemetry(event);
    });
    await appendFile(log, 'second\n');
    await readUntil(express, isLine('second'));
    await appendFile(log, 'third\n');

    const lastEventId = before.at(-1)?.id;
    for (const url of [fastify, express, `${fastify}?lastEventId=${lastEventId}`]) {
      const after = await readUntil(url, isLine('third'), url.includes('?') ? undefined : lastEventId);
      expect(JSON.parse(after[0]?.data ?? '')).toMatchObject({ resume: 'resumed' });
      expect(linesOf(after)).toEqual(['second', 'third']);
    }
  });

  it('tells a client of an earlier run that its history is gone, and gives it what there is', async () => {
    const { demo } = await start();
    for (const url of urls(demo)) {
      const events = await readUntil(url, isLine('first'), '3f2k9a.42');
      expect(events.map(({ event }) => event).slice(0, 2)).toEqual(['sse.open', 'sse.reset']);
      expect(JSON.parse(events[1]?.data ?? '')).toMatchObject({ channels: ['telemetry', 'log'] });
    }
  });

  it('writes and shows its own requests where it was given no log', async () => {
    const { demo, log } = await start({ ownLog: true });
    for (const url of urls(demo)) await readUntil(url, ({ event }) => event === 'sse.open');
    const line = / fastify GET \/events 200 \d+ ms$/;
    await readUntil(urls(demo)[0], ({ data }) => line.test(data));
    expect(await readFile(log, 'utf8')).toMatch(/stream \S+ resumed, \d+ behind\n/);
  });

  it('serves the page and what it needs to know, and lets it read the other server', async () => {
    const { demo, log } = await start();
    const ports = { express: Number(new URL(demo.expressUrl).port), fastify: Number(new URL(demo.fastifyUrl).port) };
    const known = await (await fetch(`${demo.expressUrl}demo.json`)).json();
    expect(known).toEqual({ log, ports, time: expect.any(Number), switches: { line: true, process: false } });
    expect(await (await fetch(demo.expressUrl)).text()).toMatch('<script type="module" src="main.js">');
    for (const file of [
      'main.js',
      'style.css',
      'icon.svg',
      'lib/uplot.js',
      'lib/uplot.css',
      'lib/inter.woff2',
      'lib/client/index.js',
      'lib/eventsource-parser.js',
    ]) {
      const { status, headers } = await fetch(demo.expressUrl + file);
      expect({ file, status }).toEqual({ file, status: 200 });
      expect(headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
    }
    expect(await (await fetch(`${demo.expressUrl}server/channels.ts`)).text()).toMatch('export async function follow');
    const allowed = async (origin: string) => {
      const abort = new AbortController();
      const { headers } = await fetch(urls(demo)[1], { headers: { origin }, signal: abort.signal });
      abort.abort();
      return headers.get('access-control-allow-origin');
    };
    const page = new URL(demo.expressUrl).origin;
    expect(await allowed(page)).toBe(page);
    for (const other of ['http://127.0.0.1', 'http://example.test', page.replace('127.0.0.1', 'localhost'), 'null']) {
      expect(await allowed(other)).toBeNull();
    }
    const preflight = await fetch(urls(demo)[1], { method: 'OPTIONS', headers: { origin: page } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('last-event-id');
  });

  it('begins for a new page with what the plot shows, and for a client of the telemetry alone with now', async () => {
    const { demo } = await start();
    const numbers = async (url: string) => {
      const last = (await readUntil(url, isTelemetry)).at(-1);
      return JSON.parse(last?.data ?? '').number;
    };
    const [url] = urls(demo);
    await expect.poll(() => numbers(`${demo.expressUrl}telemetry`), { interval: 5 }).toBeGreaterThan(3);
    expect(await numbers(url)).toBeLessThanOrEqual(2);
    expect(await numbers(`${demo.fastifyUrl}telemetry`)).toBeGreaterThan(3);
  });

  it('tells Prometheus what it counts', async () => {
    const { demo } = await start();
    await readUntil(`${demo.fastifyUrl}telemetry`, isTelemetry);
    const answer = await fetch(`${demo.expressUrl}metrics`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    expect(text).toMatch(/^sse_connections_opened_total 1$/m);
    expect(text).toMatch(/^sse_delivered_total [1-9]/m);
  });

  it('says which port is taken, and leaves nothing running', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    await expect(start({ port })).rejects.toThrow(
      `Cannot start the Express server: port ${port} of 127.0.0.1 is taken. Choose with --port <n>; 0 takes any free port`,
    );
    await expect(start({ fastifyPort: port })).rejects.toThrow(
      /^Cannot start the Fastify server: .* --fastify-port <n>/,
    );
  });
});
