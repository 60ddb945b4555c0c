/** LMDB: a folder. Copies are made, and put back, while no process has it open. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdbStore } from '@headwater/store-lmdb';
import { copyFolder } from './process.js';
import type { StoreKind } from './store.js';

export const lmdb: StoreKind = {
  name: 'lmdb',
  isDurable: true,
  isShared: true,
  isEmbedded: true,
  hasItems: true,
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'headwater-lmdb-'));
    const data = join(folder, 'data');
    const kept = join(folder, 'copy');
    return {
      spec: { kind: 'lmdb', where: data },
      outages: {},
      copy: () => copyFolder(data, kept),
      restore: () => copyFolder(kept, data),
      wipe: () => rm(data, { recursive: true, force: true }),
      stop: () => rm(folder, { recursive: true, force: true }),
    };
  },
  // It takes its time from the process in any case.
  open: ({ where = '', retention }, clock) => lmdbStore({ path: where, clock, ...(retention ? { retention } : {}) }),
};
