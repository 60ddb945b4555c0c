/**
 * Clients and a hub whose history is short: connections break at random bytes, and whoever was away too long gets a reset and a
 * snapshot. What each client has built must be the truth at every event: no hole, nothing twice, no half of a repair.
 */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createProxy, connect as dial, type Socket } from 'node:net';
import { createHub, memoryStore } from '@headwater/express';
import { seeded } from '@headwater/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type ConnectOptions, connect } from '../src/index.js';
import { FRAMEWORKS } from './kit/servers.js';

const SEED = Number(process.env.SEED ?? 20_261_122);
const ROUNDS = 15;

/** A proxy that cuts each connection after a random number of bytes, as long as it is bad. */
async function badProxy(target: number, random: () => number) {
  let isBad = true;
  const sockets = new Set<Socket>();
  const server = createProxy((client) => {
    const origin = dial(target, '127.0.0.1');
    let budget = isBad ? Math.floor(random() * 6_000) : Number.POSITIVE_INFINITY;
    sockets.add(client);
    client.pipe(origin);
    origin.on('data', (bytes: Buffer) => {
      const passed = bytes.subarray(0, budget);
      budget -= passed.length;
      client.write(passed, () => {
        if (budget > 0) return;
        if (random() < 0.5) client.resetAndDestroy();
        else client.destroySoon();
      });
    });
    origin.on('end', () => client.end());
    client.on('close', () => origin.destroy());
    origin.on('close', () => client.destroySoon());
    for (const socket of [client, origin]) socket.on('error', () => {});
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    server.close();
    cut();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    heal() {
      isBad = false;
      cut();
    },
  };
}

/** A number that counts up, as a client sees it. */
function follow(url: string, options: ConnectOptions) {
  const stream = connect(url, { backoffMs: 0.2, ...options });
  onTestFinished(() => stream.close());
  const wrong: string[] = [];
  const told = { resets: 0, gaps: 0 };
  let state: number | undefined = 1;
  stream.on('sse.reset', () => {
    told.resets++;
    state = undefined;
  });
  stream.on('sse.snapshot', ({ data }) => {
    state = (data.data as { n: number }).n;
  });
  stream.on('sse.gap', () => told.gaps++);
  stream.on('message', ({ data }) => {
    const n = data as number;
    if (state !== undefined && n !== state + 1) wrong.push(`${n} after ${state}`);
    state = n;
  });
  return { stream, told, wrong, state: () => state };
}

it.each(FRAMEWORKS)(`%s: every client has the truth, with the seed ${SEED}`, async (_name, framework) => {
  const random = seeded(SEED);
  const hub = createHub({ retryMs: 250, ringEvents: 16, store: memoryStore({ retention: { count: 40 } }) });
  onTestFinished(() => hub.close());
  const origin = await framework.serve(hub, (sse) => sse.subscribe(['numbers', 'noise']));
  const proxy = await badProxy(origin.port, random);
  let n = 1;
  // Nobody begins without an id, so nobody may miss anything.
  const { id: lastEventId } = await hub.publish('numbers', { data: n });
  const clients = Array.from({ length: 6 }, () => follow(proxy.url, { random, lastEventId }));
  const publish = async (count: number) => {
    for (let left = count; left > 0; left--) {
      const { id } = await hub.publish('numbers', { data: ++n });
      if (n % 15 === 0) await hub.saveSnapshot('numbers', { n }, { at: id });
      if (random() < 0.3) await hub.publish('noise', { event: 'noise', data: 'x'.repeat(50) });
    }
  };
  for (let round = 0; round < ROUNDS; round++) {
    await publish(Math.floor(random() * 80));
    if (random() < 0.5) proxy.cut();
    await publish(Math.floor(random() * 80));
    await vi.waitUntil(() => clients.some(({ state }) => state() === n), { timeout: 60_000 });
  }
  proxy.heal();
  await vi.waitUntil(() => hub.connections.size === clients.length, { timeout: 60_000 });
  await publish(1);
  await vi.waitUntil(() => clients.every(({ state }) => state() === n), { timeout: 60_000 });
  expect(clients.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(clients.map(({ told }) => told.gaps)).toEqual(clients.map(() => 0));
  expect(clients.reduce((sum, { told }) => sum + told.resets, 0)).toBeGreaterThan(0);
});
