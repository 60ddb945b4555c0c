/** Row 3: clients come with old places while messages flow and history is read slowly. In one process, so that turns interleave. */
import { once } from 'node:events';
import { createHub, systemClock } from '@headwater/core';
import { freePort } from '@headwater/services';
import { expressServer } from '../children/express-app.js';
import { below, pick } from '../harness/random.js';
import { withSlowReads } from '../harness/slow-reads.js';
import { pause } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { defineRow } from '../row.js';
import type { Trial } from '../trial.js';

const CHANNELS = Array.from({ length: 50 }, (_, n) => `c${n}`);
const TICK_MS = 5;
const MOST_AT_ONCE = 100;

export const attachRace = defineRow({
  name: 'attach-race',
  promise:
    'clients that resume from random places while messages flow and history comes late miss nothing and get nothing twice',
  short: { clients: 100, history: 500, messages: 1_000, perSecond: 1_000, readMs: 20 },
  full: { clients: 2_000, history: 2_000, messages: 10_000, perSecond: 5_000, readMs: 50 },
  async run(trial, size) {
    let reads = 0;
    let errors = 0;
    const here = await serveHere(
      trial,
      size.readMs,
      () => reads++,
      () => errors++,
    );
    const { places, rate } = await race(trial, here, size);
    for (const [index, reader] of trial.readers.entries()) {
      await trial.judge({ after: places[index] as number }, [reader]);
    }
    trial.mustHaveNoReset();
    return {
      clients: trial.readers.length,
      messages: size.history + size.messages,
      'messages/s': Math.round(rate),
      received: trial.readers.reduce((sum, { diary }) => sum + diary.received.length, 0),
      'store reads': reads,
      errors,
      resets: trial.resets,
    };
  },
});

interface Size {
  readonly clients: number;
  readonly history: number;
  readonly messages: number;
  readonly perSecond: number;
}

/**
 * Publishes and attaches side by side. However slow the machine is, no more is under way than a server's backlog takes: the race is in
 * the turns, not in the load. Resolves to where each client began, once all are open.
 */
async function race(trial: Trial, { origin, publish }: Here, { clients, history, messages, perSecond }: Size) {
  const { random } = trial;
  const ids = await Promise.all(Array.from({ length: history }, publish));
  const places: number[] = [];
  const sent: Promise<unknown>[] = [];
  const openings: Promise<unknown>[] = [];
  let publishing = 0;
  let opening = 0;
  const send = () => {
    publishing++;
    return publish().finally(() => publishing--);
  };
  const attach = () => {
    const channels = [...new Set(Array.from({ length: 1 + below(random, 3) }, () => pick(random, CHANNELS)))];
    const lastEventId = pick(random, ids);
    places.push(seqOf(lastEventId));
    opening++;
    const url = () => `${origin}/events?channels=${channels}`;
    return trial.read({ channels, lastEventId, url }).finally(() => opening--);
  };
  const begun = performance.now();
  while (sent.length < messages || places.length < clients) {
    const due = Math.min(messages, Math.ceil(((performance.now() - begun) * perSecond) / 1_000));
    while (sent.length < due && publishing < MOST_AT_ONCE) sent.push(send());
    const share = Math.min(clients, (clients * sent.length) / messages);
    while (places.length < share && opening < MOST_AT_ONCE) openings.push(attach());
    await pause(TICK_MS);
  }
  await Promise.all(sent);
  const rate = sent.length / ((performance.now() - begun) / 1_000);
  await Promise.all(openings);
  return { places, rate };
}

interface Here {
  readonly origin: string;
  publish(): Promise<string>;
}

/** A hub and its server in this very process. */
async function serveHere(trial: Trial, readMs: number, onRead: () => void, onError: () => void): Promise<Here> {
  const store = trial.kind.open(trial.spec(), systemClock);
  // Near places are a matter for the ring, far ones for the store.
  const hub = createHub({
    store: withSlowReads(store, readMs, trial.random, onRead),
    ringEvents: 300,
    observers: [{ error: onError }],
  });
  const server = await expressServer(hub, {});
  const port = await freePort();
  await once(server.listen(port, '127.0.0.1', 4_096), 'listening');
  trial.defer(async () => {
    server.close();
    server.closeAllConnections();
    await hub.close();
    await store.close();
  });
  const publish = async () => {
    const { n, channel, data } = trial.ledger.write(pick(trial.random, CHANNELS), trial.random);
    const { id } = await hub.publish(channel, { data });
    trial.ledger.acknowledge(n, id);
    return id;
  };
  return { origin: `http://127.0.0.1:${port}`, publish };
}
