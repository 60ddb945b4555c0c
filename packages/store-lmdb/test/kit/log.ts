/** A log in a temporary folder, and what tests do with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Entry, newEpoch, type Position, type Store, type TailListener } from '@headwater/core';
import { onTestFinished } from 'vitest';
import { type LmdbStore, type LmdbStoreOptions, lmdbStore } from '../../src/index.js';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headwater-lmdb-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store that is closed after the test. */
export function openStore(options: LmdbStoreOptions): LmdbStore {
  const store = lmdbStore(options);
  onTestFinished(() => store.close());
  return store;
}

/** Begins an epoch, as every process does, and returns its position. */
export async function start(store: Store): Promise<Position> {
  const { head, epochs } = await store.startEpoch(newEpoch(Math.random));
  return { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? '', seq: head };
}

export function entry(channel: string, text: string | Uint8Array, time: number = Date.now()) {
  return { channel, body: typeof text === 'string' ? Buffer.from(text) : text, time };
}

export const textOf = ({ body }: Entry): string => Buffer.from(body).toString();

/** A listener that notes what it is told. */
export class Notes implements TailListener {
  readonly entries_: Entry[] = [];
  readonly errors: unknown[] = [];

  entries(entries: readonly Entry[]): void {
    this.entries_.push(...entries);
  }

  lost(error: unknown): void {
    this.errors.push(error);
  }

  get seqs(): number[] {
    return this.entries_.map(({ seq }) => seq);
  }
}
