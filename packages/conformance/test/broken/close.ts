/** Stores that do not know when it is over. */
import { SseError } from '@headwater/core';
import { type BrokenStore, turn } from './broken-store.js';

export const close: readonly BrokenStore[] = [
  { defect: 'works on after close', fails: ['close', 'errors', 'handles'], wrap: () => ({ close: async () => {} }) },
  {
    defect: 'says lost to its tails when it is closed',
    fails: ['close', 'handles'],
    wrap: (inner) => {
      const lost: ((error: unknown) => void)[] = [];
      return {
        tail(from, listener) {
          lost.push((error) => listener.lost(error));
          return inner.tail(from, listener);
        },
        async close() {
          await inner.close();
          for (const call of lost) call(new SseError('ERR_SSE_CLOSED', 'closed'));
        },
      };
    },
  },
  {
    defect: 'cannot be closed twice',
    fails: ['close', 'errors', 'handles'],
    wrap: (inner) => {
      let isClosed = false;
      return {
        async close() {
          if (isClosed) throw new SseError('ERR_SSE_CLOSED', 'Cannot close: it is closed');
          isClosed = true;
          await inner.close();
        },
      };
    },
  },
  {
    defect: 'does not answer what was under way when it was closed',
    fails: ['close'],
    wrap: (inner) => {
      let isClosed = false;
      return {
        async append(entries, at) {
          if (isClosed) return inner.append(entries, at);
          const answer = await Promise.allSettled([inner.append(entries, at), turn()]);
          if (isClosed) return new Promise(() => {});
          if (answer[0].status === 'rejected') throw answer[0].reason;
          return answer[0].value;
        },
        close() {
          isClosed = true;
          return inner.close();
        },
      };
    },
  },
];
