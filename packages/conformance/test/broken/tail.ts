/** Stores whose tails miss, repeat or reorder something. */
import { hasCode } from '@headwater/core';
import { type BrokenStore, headOf, telling, turn } from './broken-store.js';

export const tail: readonly BrokenStore[] = [
  {
    defect: 'loses every tenth entry on the way to a tail',
    fails: ['tail', 'writers', 'fence', 'prev', 'control', 'handles'],
    wrap: (inner) => telling(inner, (entries) => entries.filter(({ seq }) => seq % 10 > 0)),
  },
  {
    defect: 'tells every tenth entry twice',
    fails: ['tail', 'writers', 'prev', 'control', 'handles'],
    wrap: (inner) =>
      telling(inner, (entries) => entries.flatMap((entry) => (entry.seq % 10 > 0 ? entry : [entry, entry]))),
  },
  {
    defect: 'tells a batch backwards',
    fails: ['tail', 'writers', 'fence', 'prev', 'items', 'control', 'handles'],
    wrap: (inner) => telling(inner, (entries) => [...entries].reverse()),
  },
  {
    defect: 'reads the backlog first and tails from the head afterwards',
    fails: ['tail', 'recovery'],
    wrap: (inner) => ({
      async tail(from, listener) {
        await inner.append([], from);
        const { entries } = await inner.read(from.seq, undefined, 1e6);
        await turn();
        listener.entries(entries);
        return inner.tail(await headOf(inner), listener);
      },
    }),
  },
  {
    defect: 'does not tell a tail what was there before it',
    fails: ['tail', 'writers', 'fence', 'recovery', 'prev', 'control', 'floors'],
    wrap: (inner) => ({
      async tail(from, listener) {
        await inner.append([], from);
        return inner.tail(await headOf(inner), listener);
      },
    }),
  },
  {
    defect: 'goes on calling a listener that was stopped',
    fails: ['tail'],
    wrap: (inner) => ({
      async tail(from, listener) {
        await inner.tail(from, listener);
        return { stop: () => {} };
      },
    }),
  },
  {
    defect: 'skips what was trimmed without a word',
    fails: ['tail', 'recovery'],
    wrap: (inner) => ({
      async tail(from, listener) {
        for (let { epoch, seq } = from; ; seq++) {
          try {
            return await inner.tail({ epoch, seq }, listener);
          } catch (error) {
            if (!hasCode(error, 'ERR_SSE_POSITION')) throw error;
          }
        }
      },
    }),
  },
  {
    defect: 'does not notice that a tail’s place was lost',
    fails: ['tail'],
    wrap: (inner) => ({
      tail: (from, listener) => inner.tail(from, { entries: (entries) => listener.entries(entries), lost: () => {} }),
    }),
  },
  {
    defect: 'says lost again and again',
    fails: ['tail'],
    wrap: (inner) => ({
      tail: (from, listener) =>
        inner.tail(from, {
          entries: (entries) => listener.entries(entries),
          lost: (error) => {
            listener.lost(error);
            setImmediate(() => listener.lost(error));
          },
        }),
    }),
  },
];
