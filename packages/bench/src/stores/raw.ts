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
};

export function openRaw({ kind, where }: StoreSpec): Promise<Raw> {
  const open = RAW[kind];
  if (!open) throw new Error(`The ${kind} store has no engine of its own`);
  return open(where);
}
