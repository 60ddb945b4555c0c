/** Stores whose errors cannot be handled. */
import { SseError } from '@headwater/core';
import { type BrokenStore, turn } from './broken-store.js';

export const errors: readonly BrokenStore[] = [
  {
    defect: 'throws before it returns a promise once it is closed',
    fails: ['errors'],
    wrap: (inner) => {
      let isClosed = false;
      return {
        state() {
          if (isClosed) throw new SseError('ERR_SSE_CLOSED', 'Cannot tell the state: the store is closed');
          return inner.state();
        },
        close() {
          isClosed = true;
          return inner.close();
        },
      };
    },
  },
  {
    defect: 'rejects with what its driver threw, and only adds the code',
    fails: ['errors'],
    wrap: (inner) => ({
      append: (entries, at) =>
        inner.append(entries, at).catch((error) => {
          throw Object.assign(new Error('constraint violated'), { code: (error as SseError).code });
        }),
    }),
  },
  {
    defect: 'fails the calls beside a refused one',
    fails: ['errors', 'writers'],
    wrap: (inner) => {
      let refusals = 0;
      return {
        async append(entries, at) {
          const before = refusals;
          const appended = await inner.append(entries, at).catch((error) => {
            refusals++;
            throw error;
          });
          await turn();
          if (refusals !== before) throw new SseError('ERR_SSE_STORE', 'the pipeline was aborted');
          return appended;
        },
      };
    },
  },
];
