/** Stores that write otherwise than they were told. */
import type { BrokenStore } from './broken-store.js';

export const append: readonly BrokenStore[] = [
  {
    defect: 'writes the entries of a batch one by one',
    fails: ['append', 'writers', 'fence', 'epochs', 'recovery', 'items'],
    wrap: (inner) => ({
      async append(entries, at) {
        const appended = [];
        for (const entry of entries) appended.push(...(await inner.append([entry], at)));
        return appended;
      },
    }),
  },
  {
    defect: 'writes batches backwards',
    fails: ['append', 'writers', 'tail', 'prev', 'retention', 'keys', 'items', 'control'],
    wrap: (inner) => ({
      append: async (entries, at) => [...(await inner.append([...entries].reverse(), at))].reverse(),
    }),
  },
  {
    defect: 'orders a batch by the time of its entries',
    fails: ['append'],
    wrap: (inner) => ({
      append: (entries, at) =>
        inner.append(
          [...entries].sort((a, b) => a.time - b.time),
          at,
        ),
    }),
  },
  {
    defect: 'keeps bodies as Latin-1 text',
    fails: ['append'],
    wrap: (inner) => ({
      append: (entries, at) => {
        const latin1 = (body: Uint8Array) => Buffer.from(Buffer.from(body).toString('latin1'), 'utf8');
        return inner.append(
          entries.map((entry) => ({ ...entry, body: latin1(entry.body) })),
          at,
        );
      },
    }),
  },
  {
    defect: 'reads channel names without their case',
    fails: ['append'],
    wrap: (inner) => ({
      append: (entries, at) =>
        inner.append(
          entries.map((entry) => ({ ...entry, channel: entry.channel.toLowerCase() })),
          at,
        ),
    }),
  },
];
