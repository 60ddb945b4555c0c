/** Row 20: one client reads a thousand bytes a second, among many that read as fast as it comes. */
import { get, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import { quantile, rounded } from '../harness/figures.js';
import { Follower } from '../harness/follower.js';
import type { Server } from '../harness/server.js';
import { pause, until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { once } from './needs.js';

export const slowReader: Row = {
  name: 'slow-reader',
  promise: 'a client that hardly reads costs the others nothing, and has everything exactly once when it reads again',
  short: { clients: 40, events: 200, perSecond: 200, fillers: 200 },
  full: { clients: 999, events: 5_000, perSecond: 50, fillers: 200 },
  unfit: once,
  run: async (trial, size) => run(trial, size),
};

/** For a machine on which the crowd itself is the slowest part. */
const CATCH_UP_MS = 120_000;

const PAD = 'x'.repeat(950);
/** Enough to fill what the system buffers for a connection, in bytes each. */
const FILLER = 'x'.repeat(60_000);

async function run(trial: Trial, { clients = 0, events = 0, perSecond = 0, fillers = 0 }: Size) {
  // Over loopback the system tells of bytes that were read only by the ten thousand: the stall time is another row's.
  const hub = { retryMs: 2_000, stallMs: 600_000 };
  const server = await trial.serve({ framework: 'fastify', hub });
  const latencies: number[] = [];
  const crowd = Array.from({ length: clients }, () => {
    const reader = { next: 0, faults: 0, follower: undefined as unknown as Follower };
    reader.follower = new Follower({
      url: () => server.stream(['a']),
      onEvent: ({ data }) => {
        const [n, at] = read(data);
        if (n !== reader.next++) reader.faults++;
        latencies.push(Date.now() - at);
      },
    });
    trial.defer(() => reader.follower.close());
    return reader;
  });
  await until('the crowd to be open', () => crowd.every(({ follower }) => follower.isOpen));
  const everybodyHas = (count: number) => () => crowd.every(({ next }) => next === count);

  await publish(server, { from: 0, events, perSecond });
  await until('the crowd to have everything', everybodyHas(events), CATCH_UP_MS);
  const alone = quantile(latencies.splice(0), 0.99);

  const slow = await SlowClient.open(server.stream(['a', 'filler']));
  trial.defer(() => slow.close());
  for (let i = 0; i < fillers; i++) await server.call('publish', [{ channel: 'filler', data: FILLER }]);
  const { memory } = await server.stats();
  await publish(server, { from: events, events, perSecond });
  await until('the crowd to have everything again', everybodyHas(2 * events), CATCH_UP_MS);
  const beside = quantile(latencies, 0.99);
  const after = await server.stats();
  if (slow.fillers === fillers) throw new Error('The slow client has read everything: it was not slow');
  await slow.readAll(() => slow.received.length === events && slow.fillers === fillers);

  const wrong = slow.received.findIndex((n, index) => n !== events + index);
  if (wrong !== -1) throw new Error(`The slow client got ${slow.received[wrong]} in the place of ${events + wrong}`);
  const faults = crowd.reduce((sum, reader) => sum + reader.faults, 0);
  if (faults > 0) throw new Error(`The crowd saw ${faults} faults`);
  if (Object.keys(after.closed).length > 0) throw new Error(`Streams were ended: ${JSON.stringify(after.closed)}`);
  const grownMb = (after.memory - memory) / 2 ** 20;
  // Ten milliseconds are what the machine's other work makes of the same crowd.
  trial.atMost('p99 in ms beside a slow reader', beside, Math.max(1.1 * alone, alone + 10));
  return {
    clients,
    events,
    'p99 ms alone': rounded(alone),
    'p99 ms beside': rounded(beside),
    'server grown MB': rounded(grownMb),
  };
}

/** The number of an event, and when it was published. */
function read(data: string): [n: number, at: number] {
  const [n, at] = data.split(' ', 2);
  return [Number(n), Number(at)];
}

async function publish(
  server: Server,
  { from, events, perSecond }: { from: number; events: number; perSecond: number },
) {
  const begun = performance.now();
  for (let sent = 0; sent < events; ) {
    const due = Math.min(events, Math.ceil(((performance.now() - begun) * perSecond) / 1_000));
    const batch = Array.from({ length: due - sent }, (_, i) => ({
      channel: 'a',
      data: `${from + sent + i} ${Date.now()} ${PAD}`,
    }));
    sent = due;
    if (batch.length > 0) await server.call('publish', batch);
    await pause(5);
  }
}

/** Takes 1,000 bytes a second until it is told to read. */
class SlowClient {
  readonly received: number[] = [];
  fillers = 0;
  readonly #response: IncomingMessage;
  readonly #timer: NodeJS.Timeout;
  readonly #parser = createParser({
    onEvent: ({ event = 'message', data }) => {
      if (event.startsWith('sse.')) return;
      if (data === FILLER) this.fillers++;
      else this.received.push(read(data)[0]);
    },
  });
  readonly #decoder = new TextDecoder();

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.on('error', () => {});
    this.#timer = setInterval(() => this.#feed(response.read(1_000)), 1_000);
  }

  static open(url: string): Promise<SlowClient> {
    return new Promise((resolve, reject) => {
      get(url, { agent: false }, (response) => resolve(new SlowClient(response))).on('error', reject);
    });
  }

  async readAll(isEnough: () => boolean): Promise<void> {
    clearInterval(this.#timer);
    this.#response.on('data', (bytes: Uint8Array) => this.#feed(bytes));
    await until(() => `the slow client to have everything; it has ${this.received.length}`, isEnough);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#response.destroy();
  }

  #feed(bytes: Uint8Array | null): void {
    if (bytes) this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
  }
}
