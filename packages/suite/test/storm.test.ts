/** D10: a client whose socket is killed fifty times, at seeded places, while 10,000 events are published. */

import { seeded } from '@headwater/testing';
import { expect, it } from 'vitest';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { turns } from './kit/wait.js';

const EVENTS = 10_000;
const CUTS = 50;

onEach(LEGS, (leg) => {
  it('D10 a log that a client keeps across fifty cuts has no gap, no repetition and no disorder', async () => {
    const random = seeded(10);
    const server = await serve(leg);
    const client = server.follow((connection) => connection.subscribe('news'), { timeoutMs: 30_000 });
    let cuts = 0;
    const cutAgain = () => {
      if (cuts++ < CUTS) client.cutAfter(1 + Math.floor(random() * 4_000));
    };
    await client.when(() => client.requests.at(-1)?.status === 200 && client.events.length > 0);
    cutAgain();
    let requests = client.requests.length;
    for (let n = 0; n < EVENTS; n++) {
      void server.hub.publish('news', { data: n });
      if (n % 40 !== 39) continue;
      await turns(1);
      if (client.requests.length === requests) continue;
      requests = client.requests.length;
      cutAgain();
    }
    await client.when(() => client.events.at(-1)?.data === String(EVENTS - 1));
    const messages = client.events.filter(({ event }) => event === 'message');
    expect(messages.map(({ data }) => Number(data))).toEqual(Array.from({ length: EVENTS }, (_, n) => n));
    expect(client.events.filter(({ event }) => event === 'sse.reset')).toEqual([]);
    expect(client.requests.length).toBeGreaterThan(CUTS);
    expect(server.record.errors).toEqual([]);
  }, 40_000);
});
