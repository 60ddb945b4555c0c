/** Stores that let a lost position through. */
import { hasCode } from '@headwater/core';
import { type BrokenStore, headOf, inForce, turn } from './broken-store.js';

export const fence: readonly BrokenStore[] = [
  {
    defect: 'does not look at the position of an append',
    fails: ['fence', 'writers', 'epochs', 'recovery', 'items', 'errors', 'handles'],
    wrap: (inner) => ({ append: async (entries) => inner.append(entries, await headOf(inner)) }),
  },
  {
    defect: 'compares the position of an append with the head, and not its epoch',
    fails: ['fence', 'writers', 'epochs', 'recovery', 'items', 'errors', 'handles'],
    wrap: (inner) => ({
      append: async (entries, at) => inner.append(entries, { ...at, epoch: inForce(await inner.state(), at.seq) }),
    }),
  },
  {
    defect: 'does not look at the position of a tail',
    fails: ['fence', 'recovery', 'errors'],
    wrap: (inner) => ({
      async tail(from, listener) {
        const state = await inner.state();
        const seq = Math.min(from.seq, state.head);
        return inner.tail({ epoch: inForce(state, seq), seq }, listener);
      },
    }),
  },
  {
    defect: 'writes the first entry of an append before it refuses the rest',
    fails: ['fence', 'writers', 'items', 'errors'],
    wrap: (inner) => ({
      async append(entries, at) {
        try {
          return await inner.append(entries, at);
        } catch (error) {
          if (hasCode(error, 'ERR_SSE_FENCED'))
            await inner.append(entries.slice(0, 1), await headOf(inner)).catch(() => {});
          throw error;
        }
      },
    }),
  },
  {
    defect: 'checks the fence before the transaction in which it writes',
    fails: ['fence'],
    wrap: (inner) => ({
      async append(entries, at) {
        await inner.append([], at);
        await turn();
        return inner.append(entries, await headOf(inner));
      },
    }),
  },
];
