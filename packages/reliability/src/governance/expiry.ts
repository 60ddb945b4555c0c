/** Row 27: permissions end. Half of the clients renew theirs in place, the others are ended, and get nothing from then on. */
import { createHub } from '@headwater/core';
import { rounded } from '../harness/figures.js';
import { Follower } from '../harness/follower.js';
import { pause, until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { once } from './needs.js';
import { startSite } from './site.js';

export const expiry: Row = {
  name: 'expiry',
  promise:
    'who renews in place is not disturbed; who does not is ended as expired within a second, gets no event from after the end, and no replay later',
  short: { clients: 20, lastsMs: 1_500, perSecond: 100 },
  full: { clients: 200, lastsMs: 5_000, perSecond: 100 },
  unfit: once,
  run: async (trial, size) => run(trial, size),
};

interface Client {
  readonly follower: Follower;
  /** When the newest event was published, `Date.now()`. */
  newest: number;
  received: number;
}

async function run(trial: Trial, { clients = 0, lastsMs = 0, perSecond = 0 }: Size) {
  const ended: { principal: string | undefined; reason: string; at: number }[] = [];
  let denied = 0;
  const hub = createHub({
    observers: [
      {
        closed: ({ principal }, { reason }) => void ended.push({ principal, reason, at: Date.now() }),
        denied: () => void denied++,
      },
    ],
  });
  let expiresAt = Number.POSITIVE_INFINITY;
  const site = await startSite({
    framework: 'express',
    hub,
    // A grant that is over grants nothing.
    rights: (headers) => ({ principal: String(headers['x-principal']), expiresAt }),
  });
  const crowd: Client[] = [];
  trial.defer(async () => {
    for (const { follower } of crowd) follower.close();
    await hub.close();
    await site.close();
  });
  expiresAt = Date.now() + lastsMs;
  const end = expiresAt;
  for (let n = 0; n < clients; n++) {
    const client: Client = { follower: undefined as unknown as Follower, newest: 0, received: 0 };
    const onEvent = ({ data }: { data: string }) => {
      client.newest = Math.max(client.newest, Number(data));
      client.received++;
    };
    const headers = { 'x-principal': n % 2 ? 'renews' : 'stays away' };
    crowd.push(Object.assign(client, { follower: new Follower({ url: () => site.stream(['a']), headers, onEvent }) }));
  }
  await until('the crowd to be open', () => crowd.every(({ follower }) => follower.isOpen));
  const [staysAway, renews] = [crowd.filter((_, n) => n % 2 === 0), crowd.filter((_, n) => n % 2 === 1)];
  let published = 0;
  let isExtended = false;
  while (Date.now() < end + 1_500) {
    await hub.publish('a', String(Date.now()));
    published++;
    if (!isExtended && Date.now() > end - lastsMs / 2) {
      isExtended = true;
      await hub.extend({ principal: 'renews' }, end + 600_000);
    }
    await pause(1_000 / perSecond);
  }
  await until('the renewed ones to have everything', () => renews.every(({ received }) => received === published));

  const disturbed = renews.filter(({ follower }) => follower.losses > 0).length;
  if (disturbed > 0) throw new Error(`${disturbed} clients were disturbed though they had renewed`);
  const wrong = ended.find(({ principal, reason }) => principal !== 'stays away' || reason !== 'expired');
  if (wrong || ended.length !== staysAway.length) {
    throw new Error(`${ended.length} of ${staysAway.length} streams ended, the wrong one: ${JSON.stringify(wrong)}`);
  }
  const latest = Math.max(...staysAway.map(({ newest }) => newest));
  if (latest > end) throw new Error(`An event from ${latest - end} ms after the end was delivered`);
  await until('those who come back to be denied', () => denied >= staysAway.length);
  const back = staysAway.filter(({ follower }) => follower.opens.length > 1);
  if (back.length > 0) throw new Error(`${back.length} clients came back without a permission`);
  const slowest = Math.max(...ended.map(({ at }) => at)) - end;
  trial.atMost('ms from the end to the last stream', slowest, 1_000);
  return { clients, published, disturbed, 'last ended after ms': rounded(slowest), 'events after the end': 0 };
}
