/** Row 40: clients come and go, in every way that they can. In the end nothing is left of them. */
import { get } from 'node:http';
import { createHub } from '@headwater/core';
import { coreOf } from '@headwater/core/node';
import { seeded } from '@headwater/testing';
import { ownMemory } from '../children/memory.js';
import { rounded } from '../harness/figures.js';
import { below } from '../harness/random.js';
import { pause, until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { once } from './needs.js';
import { type Site, startSite } from './site.js';

export const leakSoak: Row = {
  name: 'leak-soak',
  promise:
    'after clients have come and gone in every way, no handle, no timer, no listener and no count is left of them',
  short: { seconds: 3, perSecond: 100 },
  full: { seconds: 60, perSecond: 200 },
  unfit: once,
  run: async (trial, size) => run(trial, size),
};

async function run(trial: Trial, { seconds = 0, perSecond = 0 }: Size) {
  const counts = { opened: 0, closed: 0 };
  const hub = createHub({
    maxConnectionsPerClient: 10_000,
    observers: [{ opened: () => void counts.opened++, closed: () => void counts.closed++ }],
  });
  const sites = [
    await startSite({ framework: 'express', hub }),
    await startSite({ framework: 'fastify', hub, rights: (_headers, [first]) => first !== 'denied' }),
  ];
  trial.defer(async () => {
    await hub.close();
    for (const site of sites) await site.close();
  });
  const random = seeded(trial.seed);
  const listeners = () => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  // Once around, so that whatever is made once is there.
  for (let i = 0; i < 20; i++) await visit(sites[i % 2] as Site, random, hub.health().head);
  await until('everybody to have gone', () => hub.connections.size === 0);
  const before = { handles: handles(), listeners: listeners() };
  const memories: number[] = [];
  const visits = new Set<Promise<void>>();
  const begun = performance.now();
  let made = 0;
  while (performance.now() - begun < seconds * 1_000) {
    while (made < ((performance.now() - begun) * perSecond) / 1_000) {
      const visiting: Promise<void> = visit(sites[made++ % 2] as Site, random, hub.health().head).finally(() =>
        visits.delete(visiting),
      );
      visits.add(visiting);
    }
    await hub.publish('a', 'x'.repeat(below(random, 2_000)));
    if (made % 50 === 0) memories.push(ownMemory() / 2 ** 20);
    await pause(10);
  }
  await Promise.all(visits);
  await until('everybody to have gone', () => hub.connections.size === 0);
  await until(
    () => `the handles to be gone: ${handles()}, ${before.handles} before`,
    () => handles() <= before.handles,
  );
  const core = coreOf(hub);
  const left = {
    outlets: core.outlets.size,
    cursors: core.cursors.size,
    lingering: core.lingering,
    'live channels': core.liveSets.channelCount,
    listeners: listeners() - before.listeners,
    'not closed': counts.opened - counts.closed,
  };
  const wrong = Object.entries(left).filter(([, count]) => count !== 0);
  if (wrong.length > 0) throw new Error(`Left behind: ${JSON.stringify(Object.fromEntries(wrong))}`);
  const third = memories.slice(Math.floor(memories.length / 3));
  const grown = (third.at(-1) ?? 0) - (third[0] ?? 0);
  trial.atMost('the growth of memory after the first third, in MB,', grown, 30);
  return { visits: made, streams: counts.opened, ...left, 'grown MB': rounded(grown) };
}

/** What keeps the process: sockets, servers, timers. */
function handles(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length;
}

/** One client: it is refused, reads a while, resumes, leaves before the head, or breaks off. */
function visit(site: Site, random: () => number, head: string): Promise<void> {
  const path = below(random, 6) === 0 ? 'denied' : `a,own${below(random, 1_000)}`;
  const how = below(random, 4);
  const headers = below(random, 2) === 0 ? { 'last-event-id': how === 0 ? 'nonsense' : head } : {};
  return new Promise((resolve) => {
    const request = get(site.stream([path]), { agent: false, headers }, (response) => {
      response.on('error', () => {});
      response.on('close', () => resolve());
      if (how === 1) return void request.destroy();
      let chunks = 0;
      response.on('data', () => {
        if (++chunks > how) request.destroy();
      });
    });
    request.on('error', () => resolve());
    request.on('close', () => resolve());
    if (how === 3) setImmediate(() => request.destroy());
    else setTimeout(() => request.destroy(), 200 + below(random, 300)).unref();
  });
}
