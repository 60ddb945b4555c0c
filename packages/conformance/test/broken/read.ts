/** Stores whose pages do not fit together. */
import { type BrokenStore, changing } from './broken-store.js';

export const read: readonly BrokenStore[] = [
  {
    defect: 'gives the entry at the place asked for as well',
    fails: ['read', 'append', 'fence', 'floors', 'recovery', 'control', 'handles'],
    wrap: (inner) => ({ read: (after, ...rest) => inner.read(Math.max(0, after - 1), ...rest) }),
  },
  {
    defect: 'applies the limit to each channel',
    fails: ['read', 'floors', 'control'],
    wrap: (inner) => ({
      read: (after, channels, limit, maxBytes) =>
        inner.read(after, channels, limit * (channels?.length || 1), maxBytes),
    }),
  },
  {
    defect: 'reads channel by channel',
    fails: ['read', 'append', 'writers', 'floors', 'tail', 'prev', 'retention', 'keys', 'control', 'handles'],
    wrap: (inner) =>
      changing(inner, (entries) => [...entries].sort((a, b) => a.channel.localeCompare(b.channel) || a.seq - b.seq)),
  },
  {
    defect: 'says of every page that it goes up to the head',
    fails: ['read', 'floors', 'recovery'],
    wrap: (inner) => ({
      read: async (...args) => ({ ...(await inner.read(...args)), upTo: (await inner.state()).head }),
    }),
  },
  {
    defect: 'says of every page that it goes up to its last entry',
    fails: ['read', 'floors', 'recovery', 'retention'],
    wrap: (inner) => ({
      async read(after, channels, limit, maxBytes) {
        const page = await inner.read(after, channels, limit, maxBytes);
        return { ...page, upTo: page.entries.at(-1)?.seq ?? after };
      },
    }),
  },
  {
    defect: 'takes no channels for all channels',
    fails: ['read'],
    wrap: (inner) => ({
      read: (after, channels, ...rest) => inner.read(after, channels?.length === 0 ? undefined : channels, ...rest),
    }),
  },
  {
    defect: 'does not know maxBytes',
    fails: ['read'],
    wrap: (inner) => ({ read: (after, channels, limit) => inner.read(after, channels, limit) }),
  },
  {
    defect: 'ends a page before the entry that brings it to maxBytes',
    fails: ['read'],
    wrap: (inner) => ({
      async read(...args) {
        const page = await inner.read(...args);
        const [, , , maxBytes = Number.POSITIVE_INFINITY] = args;
        const bytes = page.entries.reduce((sum, { body }) => sum + body.byteLength, 0);
        if (bytes < maxBytes || page.entries.length < 2) return page;
        const entries = page.entries.slice(0, -1);
        return { ...page, entries, upTo: entries.at(-1)?.seq ?? 0 };
      },
    }),
  },
  {
    defect: 'gives no entry where the first one is larger than maxBytes',
    fails: ['read'],
    wrap: (inner) => ({
      async read(after, channels, limit, maxBytes) {
        const page = await inner.read(after, channels, limit, maxBytes);
        const [first] = page.entries;
        const isTooLarge = first !== undefined && first.body.byteLength > (maxBytes ?? Number.POSITIVE_INFINITY);
        return isTooLarge ? { ...page, entries: [], upTo: after } : page;
      },
    }),
  },
  {
    defect: 'says of a page that its bytes have cut that it goes up to the head',
    fails: ['read'],
    wrap: (inner) => ({
      async read(after, channels, limit, maxBytes) {
        const page = await inner.read(after, channels, limit, maxBytes);
        return maxBytes === undefined ? page : { ...page, upTo: (await inner.state()).head };
      },
    }),
  },
];
