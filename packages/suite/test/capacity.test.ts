/** Three times as many EventSources as there are places: nobody is thrown out for another, and everybody gets a place in the end. */
import { createHub, type Hub } from '@headwater/core';
import { sse } from '@headwater/express';
import { ssePlugin } from '@headwater/fastify';
import { EventSource } from 'eventsource';
import express from 'express';
import fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from './kit/listen.js';
import { Record } from './kit/record.js';
import { until } from './kit/wait.js';

const PLACES = 100;
const CLIENTS = 3 * PLACES;

const frameworks = {
  Express: (hub: Hub) => {
    const app = express().use(sse({ hub }));
    app.get('/', (_req, res) => void res.sse.subscribe('news'));
    return listen(app);
  },
  Fastify: async (hub: Hub) => {
    const app = fastify({ forceCloseConnections: true });
    onTestFinished(() => app.close());
    await app.register(ssePlugin, { hub });
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
};

interface Waiting {
  readonly source: EventSource;
  isServed: boolean;
  /** Errors after which the EventSource does not come back. */
  fatal: number;
}

it.each(Object.entries(frameworks))(
  '300 EventSources at 100 places of %s: nobody is evicted, and all are served in the end',
  async (_name, start) => {
    const record = new Record();
    const hub = createHub({ maxConnections: PLACES, refusalRetrySeconds: [1, 3], observers: [record] });
    onTestFinished(() => hub.close());
    const origin = await start(hub);
    const crowd = Array.from({ length: CLIENTS }, () => {
      const source = new EventSource(origin);
      onTestFinished(() => source.close());
      const one: Waiting = { source, isServed: false, fatal: 0 };
      source.addEventListener('sse.open', () => {
        one.isServed = true;
      });
      source.addEventListener('error', () => {
        if (source.readyState === EventSource.CLOSED) one.fatal++;
      });
      return one;
    });
    await until(() => record.refusals.length >= CLIENTS - PLACES);
    for (let served = PLACES; served <= CLIENTS; served += PLACES) {
      await until(() => crowd.filter(({ isServed }) => isServed).length === served, 20_000);
      expect(hub.connections.size).toBeLessThanOrEqual(PLACES);
      // Nobody has been ended by the hub to make room: whoever is gone has gone by itself.
      expect(record.closes.filter(({ reason }) => reason !== 'client')).toEqual([]);
      // Those who were served leave.
      for (const { source, isServed } of crowd) if (isServed) source.close();
    }
    expect(new Set(record.refusals)).toEqual(new Set(['too many connections']));
    expect(crowd.filter(({ fatal }) => fatal > 0)).toEqual([]);
  },
  90_000,
);
