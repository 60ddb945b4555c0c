/**
 * Attach race: 2,000 clients come with random old cursors while 5,000 events a second are published to 50 channels, and history is
 * read slowly. Each gets what it lacks exactly once, in the order of the log. E11: each message was encoded once.
 */
import { createHub } from '@headwater/core';
import { seeded } from '@headwater/testing';
import { expect, it } from 'vitest';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { RaceClient, type Sent } from './kit/race-client.js';
import { serve } from './kit/served.js';
import { guardedStore } from './kit/stores.js';
import { turns, until } from './kit/wait.js';

const CLIENTS = 2_000;
const CHANNELS = 50;
const HISTORY = 2_000;
const EVENTS = 10_000;
const EVENTS_PER_MS = 5;
const CLIENTS_PER_TURN = 50;

onEach(
  LEGS.filter(({ name }) => ['node:http', 'Express 5', 'Fastify'].includes(name)),
  (leg) => {
    it('2,000 clients that resume from random places during 5,000 events a second miss nothing and get nothing twice', async () => {
      const random = seeded(2_000);
      const below = (limit: number) => Math.floor(random() * limit);
      let encodings = 0;
      let reads = 0;
      const hub = createHub({
        store: guardedStore((method) => {
          if (method !== 'read') return undefined;
          reads++;
          return turns(below(6));
        }),
        // Far behind is a matter for the store, near for the ring.
        ringEvents: 700,
        serializer: (data) => {
          encodings++;
          return JSON.stringify(data);
        },
      });
      const server = await serve(leg, { hub });
      const sent: Sent[] = [];
      const publish = () => {
        const channel = `c${below(CHANNELS)}`;
        // The memory store answers in the order in which it was asked.
        void hub.publish(channel, { data: { n: encodings } }).then(({ id }) => sent.push({ id, channel }));
      };
      for (let n = 0; n < HISTORY; n++) publish();
      await until(() => sent.length === HISTORY);
      const paths = new Map<string, string>();
      const clients: RaceClient[] = [];
      const openings: Promise<void>[] = [];
      const begun = performance.now();
      for (let published = 0; published < EVENTS || clients.length < CLIENTS; ) {
        // However long this turn was in coming: more at once than the server's backlog takes would be reset.
        const most = clients.length + CLIENTS_PER_TURN;
        const due = Math.min(EVENTS, Math.ceil((performance.now() - begun) * EVENTS_PER_MS));
        for (; published < due; published++) publish();
        while (clients.length < Math.min(most, (published / EVENTS) * CLIENTS)) {
          const channels = Array.from({ length: 1 + below(3) }, () => `c${below(CHANNELS)}`);
          const client = new RaceClient(channels, sent, 1 + below(sent.length));
          const key = channels.join();
          const path = paths.get(key) ?? server.route((connection) => connection.subscribe(channels));
          paths.set(key, path);
          openings.push(client.open(server, path));
          clients.push(client);
        }
        await turns(1);
      }
      await Promise.all(openings);
      await until(() => clients.every(({ isDone, fault }) => isDone || fault !== undefined), 60_000);
      expect(clients.map(({ fault }) => fault).filter(Boolean)).toEqual([]);
      expect(sent).toHaveLength(HISTORY + EVENTS);
      expect(encodings).toBe(HISTORY + EVENTS);
      expect(clients.reduce((sum, { received }) => sum + received, 0)).toBeGreaterThan(CLIENTS * 100);
      expect(reads).toBeGreaterThan(CLIENTS / 10);
      expect(server.record.errors).toEqual([]);
      for (const client of clients) client.close();
    }, 120_000);
  },
);
