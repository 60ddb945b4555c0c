/** Stores whose pages do not fit together. */
import { type BrokenStore, changing } from './broken-store.js';

export const read: readonly BrokenStore[] = [
  {
    defect: 'gives the entry at the place asked for as well',
    fails: ['read', 'append', 'fence', 'floors', 'handles'],
    wrap: (inner) => ({ read: (after, channels, limit) => inner.read(Math.max(0, after - 1), channels, limit) }),
  },
  {
    defect: 'applies the limit to each channel',
    fails: ['read', 'floors'],
    wrap: (inner) => ({
      read: (after, channels, limit) => inner.read(after, channels, limit * (channels?.length || 1)),
    }),
  },
  {
    defect: 'reads channel by channel',
    fails: ['read', 'append', 'floors', 'tail', 'prev', 'retention', 'keys', 'handles'],
    wrap: (inner) =>
      changing(inner, (entries) => [...entries].sort((a, b) => a.channel.localeCompare(b.channel) || a.seq - b.seq)),
  },
  {
    defect: 'says of every page that it goes up to the head',
    fails: ['read', 'floors'],
    wrap: (inner) => ({
      read: async (...args) => ({ ...(await inner.read(...args)), upTo: (await inner.state()).head }),
    }),
  },
  {
    defect: 'says of every page that it goes up to its last entry',
    fails: ['read', 'floors', 'retention'],
    wrap: (inner) => ({
      async read(after, channels, limit) {
        const page = await inner.read(after, channels, limit);
        return { ...page, upTo: page.entries.at(-1)?.seq ?? after };
      },
    }),
  },
  {
    defect: 'takes no channels for all channels',
    fails: ['read'],
    wrap: (inner) => ({
      read: (after, channels, limit) => inner.read(after, channels?.length === 0 ? undefined : channels, limit),
    }),
  },
];
