/** Traffic: everything that a panel shows, made to happen at two servers over one Redis. */

import type { RedisServer } from '@headwater/services';
import { slowClient } from '@headwater/testing';
import { expect, onTestFinished } from 'vitest';
import { scrape } from './scrape.js';

const TIMEOUT_MS = 30_000;

export interface Scene {
  /** URLs of the two servers. */
  readonly servers: readonly string[];
  /** Their store. */
  readonly redis: RedisServer;
  /** How many streams each of them takes. */
  readonly room: number;
  /** Resolves once Prometheus has an answer: what does not last must not be over before it is seen. */
  readonly isSeen: (query: string) => Promise<void>;
}

export async function makeTraffic({ servers, redis, room, isSeen }: Scene): Promise<void> {
  const [one, other] = servers as [string, string];
  const beginning = await call(one, '/publish');
  await follow(servers);
  await comeBack(one, beginning);
  await fallBehind(one, isSeen);
  await crowd(other, room);
  await expect(
    fetch(`${one}/events?channel=news`, { headers: { origin: 'https://evil.example' } }),
  ).resolves.toMatchObject({ status: 403 });
  await loseStore(servers, redis);
}

/** Live streams, and messages from both processes, some of them twice. */
async function follow(servers: readonly string[]): Promise<void> {
  for (const url of servers) {
    const client = await open(url, 'channel=news');
    client.resume();
    await call(url, '/publish?count=100');
    await call(url, '/publish?count=2&key=same');
    await client.until('message');
  }
}

/** Streams that resume, and some whose history is gone; one that is cut short. */
async function comeBack(url: string, beginning: string): Promise<void> {
  for (const [query, id] of [
    ['channel=news', beginning],
    ['channel=news', 'gone.1'],
    ['channel=state', 'gone.1'],
  ] as const) {
    const client = await open(url, query, id);
    client.resume();
    await client.until(id === beginning ? 'message' : 'sse.reset');
  }
  (await open(url, 'channel=news')).destroy();
}

/** A client that does not read while much is published. */
async function fallBehind(url: string, isSeen: Scene['isSeen']): Promise<void> {
  const client = await open(url, 'channel=large');
  await call(url, '/publish?channel=large&count=40&bytes=262144');
  await until(url, 'sse_lagged_total', (count) => count > 0);
  await isSeen('sse_pending_bytes > 0');
  client.resume();
  let seen = 0;
  await client.until(({ event }) => event === 'message' && ++seen === 40);
  await until(url, 'sse_connections_catching_up', (count) => count === 0);
}

/** More clients than there is room for. */
async function crowd(url: string, room: number): Promise<void> {
  await Promise.all(Array.from({ length: room + 5 }, () => open(url, 'channel=news')));
  await until(url, 'sse_connections_refused_total{reason="too many connections"}', (count) => count > 0);
}

/** Redis crashes and comes back empty: errors, a process that is not ready, and a rollback. */
async function loseStore(servers: readonly string[], redis: RedisServer): Promise<void> {
  await redis.kill();
  for (const url of servers) {
    await until(url, 'sse_ready', (ready) => ready === 0);
    const response = await fetch(`${url}/publish`);
    expect(response.status).toBe(503);
  }
  await redis.restart();
  for (const url of servers) {
    await until(url, 'sse_ready', (ready) => ready === 1);
    await until(url, 'sse_store_rollbacks_total', (count) => count > 0);
  }
}

async function open(url: string, query: string, lastEventId = '') {
  const client = await slowClient(`${url}/events?${query}`, { lastEventId, timeoutMs: TIMEOUT_MS });
  onTestFinished(() => client.destroy());
  return client;
}

async function call(url: string, path: string): Promise<string> {
  const response = await fetch(url + path);
  expect(response.status).toBe(200);
  return response.text();
}

async function until(url: string, series: string, is: (value: number) => boolean): Promise<void> {
  const look = async () => (await scrape(url)).get(series);
  await expect.poll(look, { timeout: TIMEOUT_MS, message: `${series} of ${url}` }).toSatisfy(is);
}
