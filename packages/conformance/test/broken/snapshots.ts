/** Stores that give out snapshots that nothing can follow. */
import { hasCode, type Store } from '@headwater/core';
import type { BrokenStore } from './broken-store.js';

export const snapshots: readonly BrokenStore[] = [
  {
    defect: 'gives the snapshot that was saved last, whatever has become of its place',
    fails: ['snapshots'],
    wrap: (inner) => {
      const kept = new Map<string, Parameters<Store['saveSnapshot']>[1]>();
      return {
        async saveSnapshot(channel, snapshot) {
          await inner.saveSnapshot(channel, snapshot);
          kept.set(channel, snapshot);
        },
        loadSnapshot: async (channel) => (await inner.loadSnapshot(channel)) ?? kept.get(channel),
      };
    },
  },
  {
    defect: 'lets the snapshot that was saved last win',
    fails: ['snapshots'],
    wrap: (inner) => {
      const kept = new Map<string, string>();
      return {
        async saveSnapshot(channel, snapshot) {
          await inner.saveSnapshot(channel, snapshot);
          kept.set(channel, snapshot.data);
        },
        async loadSnapshot(channel) {
          const snapshot = await inner.loadSnapshot(channel);
          return snapshot && { ...snapshot, data: kept.get(channel) ?? snapshot.data };
        },
      };
    },
  },
  {
    defect: 'takes snapshots of any place',
    fails: ['snapshots', 'recovery', 'errors'],
    wrap: (inner) => ({
      saveSnapshot: (channel, snapshot) =>
        inner.saveSnapshot(channel, snapshot).catch((error) => {
          if (!hasCode(error, 'ERR_SSE_POSITION')) throw error;
        }),
    }),
  },
  { defect: 'keeps snapshots for ever', fails: ['snapshots'], log: { snapshotTtlMs: false } },
  { defect: 'keeps snapshots for a day', fails: ['snapshots'], log: { snapshotTtlMs: 86_400_000 } },
  {
    defect: 'has one snapshot for all channels',
    fails: ['snapshots'],
    wrap: (inner) => ({
      saveSnapshot: (_, snapshot) => inner.saveSnapshot('all', snapshot),
      loadSnapshot: () => inner.loadSnapshot('all'),
    }),
  },
];
