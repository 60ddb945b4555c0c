/** The memory store: nothing behind it, and nothing outlives it. */
import { memoryStore } from '@headwater/core';
import type { StoreKind } from './store.js';

const nothing = async (): Promise<void> => {};

export const memory: StoreKind = {
  name: 'memory',
  isDurable: false,
  isShared: false,
  isEmbedded: true,
  hasItems: true,
  start: async () => ({
    spec: { kind: 'memory' },
    outages: {},
    copy: nothing,
    restore: nothing,
    wipe: nothing,
    stop: nothing,
  }),
  open: ({ retention }, clock) => memoryStore({ clock, ...(retention ? { retention } : {}) }),
};
