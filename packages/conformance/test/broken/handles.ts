/** Stores that are not as shared or as durable as they say. */
import { type LogState, SseError } from '@headwater/core';
import type { BrokenStore } from './broken-store.js';

const ended = new Set<string>();

export const handles: readonly BrokenStore[] = [
  {
    defect: 'claims less than it does',
    fails: ['handles'],
    wrap: (inner) => ({ supports: { ...inner.supports, durable: false } }),
  },
  {
    defect: 'remembers the head that it has written itself, and looks for no later one',
    fails: ['handles', 'epochs'],
    wrap: (inner) => {
      let cached: LogState | undefined;
      return {
        async state() {
          const state = await inner.state();
          return cached && cached.head < state.head ? cached : state;
        },
        async startEpoch(epoch) {
          cached = await inner.startEpoch(epoch);
          return cached;
        },
        async append(entries, at) {
          const appended = await inner.append(entries, at);
          cached = await inner.state();
          return appended;
        },
      };
    },
  },
  {
    defect: 'keeps its log for as long as a handle is open',
    fails: ['handles', 'recovery', 'items', 'cursors', 'control'],
    wrap: (inner, { name }, service) => ({
      async close() {
        await inner.close();
        service.drop(name);
      },
    }),
  },
  {
    defect: 'keeps snapshots in the handle',
    fails: ['handles'],
    wrap: (inner) => {
      const saved = new Set<string>();
      return {
        async saveSnapshot(channel, snapshot) {
          await inner.saveSnapshot(channel, snapshot);
          saved.add(channel);
        },
        async loadSnapshot(channel) {
          const snapshot = await inner.loadSnapshot(channel);
          return saved.has(channel) ? snapshot : undefined;
        },
      };
    },
  },
  {
    defect: 'ends all handles with the first one',
    fails: ['handles', 'recovery'],
    wrap: (inner, { name }) => ({
      async append(entries, at) {
        if (ended.has(name)) throw new SseError('ERR_SSE_CLOSED', 'Cannot append: the connection is closed');
        return inner.append(entries, at);
      },
      async close() {
        ended.add(name);
        await inner.close();
      },
    }),
  },
];
