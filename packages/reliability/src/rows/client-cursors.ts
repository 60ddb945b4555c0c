/** Row 34: clients that keep no id, and a server that does: by acks, over a crash, for seven days. */
import { Follower } from '../harness/follower.js';
import { below } from '../harness/random.js';
import type { Server } from '../harness/server.js';
import { until } from '../harness/wait.js';
import { defineRow } from '../row.js';

const HOUR = 3_600_000;
const WITHIN_MS = (7 * 24 - 1) * HOUR;
const BEYOND_MS = 7 * 24 * HOUR + 60_000;

export const clientCursors = defineRow({
  name: 'client-cursors',
  promise:
    'a client that names itself resumes after what it acknowledged, never beyond, over a crash and for seven days, not longer',
  needs: ['durable'],
  short: { clients: 5, messages: 20 },
  full: { clients: 200, messages: 200 },
  async run(trial, { clients, messages }) {
    const store = trial.spec({ usesClock: true });
    const server = await trial.serve({ store });
    const readers = await Promise.all(Array.from({ length: clients }, () => trial.read({ channels: ['a'] })));
    const ids = await trial.publish(messages, ['a']);
    await trial.judge();
    for (const { follower } of readers) follower.close();
    const acked = readers.map(() => below(trial.random, messages - 1));
    await Promise.all(acked.map((index, client) => acknowledge(server, client, ids[index] as string)));
    await server.kill();
    await server.restart({ skewMs: WITHIN_MS });
    const due = acked.map((index) => ids.slice(index + 1));
    await Promise.all(due.map((wanted, client) => mustGet(server, client, 'resumed', wanted)));
    await server.kill();
    await server.restart({ skewMs: BEYOND_MS });
    await Promise.all(due.map((_, client) => mustGet(server, client, 'fresh', [])));
    return { clients, 'resumed after 6 d 23 h': clients, 'fresh after 7 d 1 min': clients };
  },
});

const query = (client: number) => `channels=a&clientId=client-${client}`;

async function acknowledge(server: Server, client: number, id: string): Promise<void> {
  const { status, body } = await server.ask(`/ack?${query(client)}&id=${id}`, '{}');
  if (status !== 204) throw new Error(`The ack was answered by ${status}: ${body}`);
}

/** Comes without an id. */
async function mustGet(server: Server, client: number, resume: string, wanted: readonly string[]): Promise<void> {
  const got: (string | undefined)[] = [];
  const url = () => `${server.origin}/events?${query(client)}`;
  const follower = new Follower({ url, onEvent: ({ id }) => got.push(id) });
  await until(`client ${client} to be served`, () => follower.opens.length > 0 && got.length >= wanted.length);
  follower.close();
  if (follower.opens[0]?.resume !== resume) throw new Error(`Client ${client} was ${follower.opens[0]?.resume}`);
  if (got.join() !== wanted.join()) throw new Error(`Client ${client} got ${got}, not ${wanted}`);
}
