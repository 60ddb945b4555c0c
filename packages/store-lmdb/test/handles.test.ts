/** The conformance suite, where every second handle on a log is another process'. */
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeSuite } from '@headwater/conformance';
import type { Store } from '@headwater/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { lmdbStore } from '../src/index.js';
import { buildChildren, removeChildren } from './kit/child.js';
import { RemoteStores } from './kit/remote.js';

const SUPPORTS = {
  durable: true,
  shared: true,
  prev: true,
  retentionPerChannel: true,
  snapshots: true,
  items: true,
  cursors: true,
};

describe('lmdbStore, with handles in two processes', () => {
  let path = '';
  let remote: RemoteStores;
  const opened = new Map<string, number>();
  const folders = new Map<Store, string>();
  const folderOf = (store: Store) => folders.get(store) as string;

  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'headwater-lmdb-'));
    await buildChildren(['handles']);
    remote = new RemoteStores();
  });
  afterAll(async () => {
    remote.close();
    await removeChildren();
    await rm(path, { recursive: true, force: true });
  });

  storeSuite({
    test,
    // The clock cannot be moved in the other process; those tests are run in one process.
    skip: () => {},
    usesClock: false,
    supports: SUPPORTS,
    factory: async ({ name, retention }) => {
      const options = { path: join(path, name), name, retention };
      const nth = (opened.get(name) ?? 0) + 1;
      opened.set(name, nth);
      const store = nth % 2 ? await remote.open(options, SUPPORTS) : lmdbStore(options);
      folders.set(store, options.path);
      return store;
    },
    checkpoint: (store) => copyFile(join(folderOf(store), 'data.mdb'), join(folderOf(store), 'copy')),
    rollback: (store) => rename(join(folderOf(store), 'copy'), join(folderOf(store), 'data.mdb')),
    cleanup: async ({ name }) => {
      await rm(join(path, name), { recursive: true, force: true });
      folders.clear();
    },
  });
});
