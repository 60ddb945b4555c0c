/** Stores to which the control channel is something else. */
import { CONTROL_CHANNEL, type Entry, SseError } from '@headwater/core';
import { type BrokenStore, telling } from './broken-store.js';

const isControl = ({ channel }: Entry) => channel === CONTROL_CHANNEL;

export const control: readonly BrokenStore[] = [
  {
    defect: 'takes no names with spaces',
    fails: ['control', 'append'],
    wrap: (inner) => ({
      async append(entries, at) {
        if (entries.some(({ channel }) => channel.includes(' '))) throw new SseError('ERR_SSE_STORE', 'bad name');
        return inner.append(entries, at);
      },
    }),
  },
  {
    defect: 'drops the spaces around a name',
    fails: ['control'],
    wrap: (inner) => ({
      append: (entries, at) =>
        inner.append(
          entries.map((entry) => ({ ...entry, channel: entry.channel.trim() || ' ' })),
          at,
        ),
    }),
  },
  {
    defect: 'does not tell tails what hubs say to each other',
    fails: ['control'],
    wrap: (inner) => telling(inner, (entries) => entries.filter((entry) => !isControl(entry))),
  },
  {
    defect: 'tells what hubs say to each other ahead of the rest',
    fails: ['control'],
    wrap: (inner) => ({
      async read(...args) {
        const page = await inner.read(...args);
        return { ...page, entries: [...page.entries.filter(isControl), ...page.entries.filter((e) => !isControl(e))] };
      },
    }),
  },
  {
    defect: 'lets hubs hear only what they say themselves',
    fails: ['control'],
    wrap: (inner) => {
      const own = new Set<string>();
      const idOf = (body: Uint8Array) => Buffer.from(body).toString();
      return {
        append(entries, at) {
          for (const { body } of entries) own.add(idOf(body));
          return inner.append(entries, at);
        },
        ...telling(inner, (entries) => entries.filter((entry) => !isControl(entry) || own.has(idOf(entry.body)))),
      };
    },
  },
  {
    defect: 'does not retain what hubs say to each other',
    fails: ['control'],
    wrap: (inner) => ({
      async read(...args) {
        const page = await inner.read(...args);
        return { ...page, entries: page.entries.filter((entry) => !isControl(entry)) };
      },
    }),
  },
];
