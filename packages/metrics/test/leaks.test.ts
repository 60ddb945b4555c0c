/** A gauge for everything that can leak: none is above 0 once a thousand clients are gone that did not say good-bye. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { type SlowClient, slowClient } from '@headwater/testing';
import { expect, it } from 'vitest';
import { useProcesses } from './kit/processes.js';
import { scrape } from './kit/scrape.js';

const start = useProcesses('server');

/** Gauges of the process and its hub that are about something other than clients. */
const ABOUT_ELSE = ['sse_ready', 'sse_event_loop_lag_seconds', 'sse_feed_lag_messages'];
/** What the process itself holds: sockets, timers, open files. A turn of the event loop that is about to come is no holding. */
const HANDLES = /^(nodejs_active_(handles|resources|requests)\{(?!type="Immediate")|process_open_fds)/;

const TIMEOUT_MS = 60_000;

/** The gauges of the hub: what is neither a counter nor a part of a histogram. */
function gauges(samples: ReadonlyMap<string, number>): Record<string, number> {
  const isGauge = (name: string) => /^sse_\w+$/.test(name) && !/_(total|bucket|sum|count)$/.test(name);
  return Object.fromEntries([...samples].filter(([name]) => isGauge(name) && !ABOUT_ELSE.includes(name)));
}

function handles(samples: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...samples].filter(([name, value]) => HANDLES.test(name) && value > 0));
}

type Leaving = Pick<SlowClient, 'destroy' | 'end'>;

/** One with RST, the next with FIN. */
function leave(client: Leaving, index: number): void {
  if (index % 2 === 0) client.destroy();
  else client.end();
}

/** Asks for a stream, and does not wait for an answer. */
async function ask(url: string, query: string): Promise<Leaving> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.on('error', () => {}).resume();
  socket.write(`GET /events?${query} HTTP/1.1\r\nhost: here\r\n\r\n`);
  return { destroy: () => socket.resetAndDestroy(), end: () => socket.end() };
}

const times = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));

it('every gauge is 0, and every handle closed, after a thousand abrupt disconnects', {
  timeout: 2 * TIMEOUT_MS,
}, async () => {
  const url = await start('server');
  const call = async (path: string) => (await fetch(url + path, { headers: { connection: 'close' } })).text();
  const open = (query: string, lastEventId = '') =>
    slowClient(`${url}/events?${query}`, { lastEventId, timeoutMs: TIMEOUT_MS });

  const beginning = await call('/publish?channel=long');
  await call('/publish?channel=long&count=256&bytes=65536');
  const before = handles(await scrape(url));
  expect(Object.values(gauges(await scrape(url))).every((value) => value === 0)).toBe(true);

  // Live and reading; with more history than the system takes for them; live, and not reading; asked who they are.
  const live = await times(500, () => open('channel=news'));
  const stuck = await times(20, () => open('channel=long', beginning));
  const stalled = await times(20, () => open('channel=large'));
  await call('/hold');
  const asked = await times(160, () => ask(url, 'channel=news'));
  for (const client of live) client.resume();
  await Promise.all(live.map((client) => client.until('sse.open')));
  await call('/publish?channel=large&count=32&bytes=262144');
  await expect
    .poll(async () => gauges(await scrape(url)), { timeout: TIMEOUT_MS })
    .toMatchObject({
      sse_connections: 540,
      sse_connections_admitted: 540,
      sse_connections_live: 500,
      sse_connections_catching_up: 40,
      sse_subscriptions: 540,
      sse_authorizing: 160,
      sse_pending_bytes: expect.toSatisfy((bytes) => bytes > 40 * 64 * 1024),
    });

  // All of them go while messages are on their way. Others come at the same time, and go in the middle of their replay.
  const publishing = call('/publish?count=300');
  for (const [index, client] of [...live, ...stuck, ...stalled, ...asked].entries()) leave(client, index);
  await call('/release');
  let left = 0;
  await times(300, async () => {
    const client = await open('channel=long', beginning);
    client.resume();
    await client.until('message');
    leave(client, left++);
  });
  await publishing;

  const zero = Object.fromEntries(Object.keys(gauges(await scrape(url))).map((name) => [name, 0]));
  expect(Object.keys(zero)).toHaveLength(11);
  await expect.poll(async () => gauges(await scrape(url)), { timeout: TIMEOUT_MS }).toEqual(zero);
  await expect.poll(async () => handles(await scrape(url)), { timeout: TIMEOUT_MS }).toEqual(before);
  const samples = await scrape(url);
  expect(samples.get('sse_connections_opened_total')).toBe(840);
  expect(samples.get('sse_connections_closed_total{reason="client"}')).toBe(840);
});
