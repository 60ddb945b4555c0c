/** Raw: what the engine behind a store takes by itself, one entry per call, through the client that the store uses. */
import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import type { StoreName, StoreSpec } from './spec.js';

export interface Raw {
  /** Resolves when the engine promises what the store promises. */
  append(body: Buffer): Promise<unknown>;
  /** How many entries there are. */
  count(): Promise<number>;
}

/** The stores that have an engine of their own. */
export const RAW: Readonly<Partial<Record<StoreName, (where: string) => Promise<Raw>>>> = {
  /** A `put` that is awaited, and then the disk. Puts of one moment share a transaction, and so the disk. */
  async lmdb(where) {
    const { open } = await import('lmdb');
    const table = open<Buffer, number>({ path: join(where, 'raw'), encoding: 'binary', keyEncoding: 'uint32' });
    let last = 0;
    return {
      async append(body) {
        await table.put(++last, body);
        await table.flushed;
      },
      count: async () => table.getCount(),
    };
  },

  /** `XADD`. The client sends the commands of one moment together. */
  async redis(where) {
    const { createClient } = await import('redis');
    const client = createClient({ url: where });
    await client.connect();
    return {
      append: (body) => client.sendCommand(['XADD', 'raw', '*', 'd', body]),
      count: () => client.xLen('raw'),
    };
  },

  /** One `insert` of all rows that wait, and its commit, which waits for the disk. Then those that have come meanwhile. */
  async postgres(where) {
    const { Client } = (await import('pg')).default;
    const client = new Client({ connectionString: where });
    await client.connect();
    await client.query('create table raw (n bigint generated always as identity primary key, d bytea not null)');
    return {
      append: joined((bodies) => {
        const rows = bodies.map((_, i) => `($${i + 1})`).join(', ');
        const text = `insert into raw (d) values ${rows}`;
        return client.query({ name: `raw ${bodies.length}`, text, values: bodies });
      }),
      count: async () => Number((await client.query('select count(*) as n from raw')).rows[0].n),
    };
  },

  /** A publish to a stream. The client sends those of one moment together, and does not wait for one before the next. */
  async nats(where) {
    const { connect } = await import('@nats-io/transport-node');
    const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
    const nc = await connect({ servers: where });
    const manager = await jetstreamManager(nc);
    await manager.streams.add({ name: 'raw', subjects: ['raw'] });
    const client = jetstream(nc);
    return {
      append: (body) => client.publish('raw', body),
      count: async () => (await manager.streams.info('raw')).state.messages,
    };
  },
};

/** One write at a time, of everything that has come during the one before. */
function joined(write: (bodies: Buffer[]) => Promise<unknown>): (body: Buffer) => Promise<unknown> {
  let waiting: Buffer[] = [];
  let next: Promise<unknown> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return (body) => {
    waiting.push(body);
    next ??= last.then(() => {
      const bodies = waiting;
      waiting = [];
      next = undefined;
      last = write(bodies);
      return last;
    });
    return next;
  };
}

export function openRaw({ kind, where }: StoreSpec): Promise<Raw> {
  const open = RAW[kind];
  if (!open) throw new Error(`The ${kind} store has no engine of its own`);
  return open(where);
}
