/** Stores that keep quiet about what they have trimmed. */
import { type BrokenStore, turn } from './broken-store.js';

/** The highest floor ever given, by the log's name and the channel. */
const highestFloors = new Map<string, Map<string, number>>();

export const floors: readonly BrokenStore[] = [
  {
    defect: 'keeps the floor with the entries, and forgets it with the last one',
    fails: ['floors', 'retention'],
    wrap: (inner) => ({
      async read(after, channels, limit, maxBytes) {
        const page = await inner.read(after, channels, limit, maxBytes);
        const known = new Map<string, number>();
        for (const [channel, floor] of page.floors) {
          if ((await inner.read(0, [channel], 1)).entries.length > 0) known.set(channel, floor);
        }
        return { ...page, floors: known, forgotten: 0 };
      },
    }),
  },
  {
    defect: 'drops idle channels without remembering that it has',
    fails: ['floors', 'retention', 'control'],
    wrap: (inner) => ({
      async read(after, channels, limit, maxBytes) {
        const page = await inner.read(after, channels, limit, maxBytes);
        const kept = [...page.floors].filter(([, floor]) => floor !== page.forgotten);
        return { ...page, floors: new Map(kept), forgotten: 0 };
      },
    }),
  },
  {
    defect: 'gives no floors where it gives no entries',
    fails: ['floors', 'retention'],
    wrap: (inner) => ({
      async read(...args) {
        const page = await inner.read(...args);
        return page.entries.length > 0 ? page : { ...page, floors: new Map() };
      },
    }),
  },
  {
    defect: 'gives no floors where all channels are read',
    fails: ['floors', 'retention'],
    wrap: (inner) => ({
      async read(after, channels, limit, maxBytes) {
        const page = await inner.read(after, channels, limit, maxBytes);
        return channels ? page : { ...page, floors: new Map() };
      },
    }),
  },
  {
    defect: 'reads the floors before the entries, in another transaction',
    fails: ['floors'],
    wrap: (inner) => ({
      async read(after, channels, limit, maxBytes) {
        const { floors: earlier } = await inner.read(after, channels, 0);
        await turn();
        return { ...(await inner.read(after, channels, limit, maxBytes)), floors: earlier };
      },
    }),
  },
  {
    defect: 'gives the lowest seq retained as the floor',
    fails: ['floors', 'recovery', 'retention', 'snapshots', 'control', 'handles'],
    wrap: (inner) => ({
      async read(...args) {
        const page = await inner.read(...args);
        const wrong = [...page.floors].map(([channel, floor]) => [channel, floor && floor + 1] as const);
        return { ...page, floors: new Map(wrong) };
      },
    }),
  },
  {
    defect: 'keeps the floors of what a rollback has lost',
    fails: ['floors'],
    wrap: (inner, { name }) => {
      const highest = highestFloors.get(name) ?? new Map<string, number>();
      highestFloors.set(name, highest);
      return {
        async read(...args) {
          const page = await inner.read(...args);
          for (const [channel, floor] of page.floors) {
            highest.set(channel, Math.max(floor, highest.get(channel) ?? 0));
          }
          return { ...page, floors: new Map([...page.floors].map(([one]) => [one, highest.get(one) ?? 0])) };
        },
      };
    },
  },
];
