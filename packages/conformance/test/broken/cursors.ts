/** Stores that take clients back, or to where nobody can follow. */
import { hasCode, type Store, type StoredCursor } from '@headwater/core';
import { type BrokenStore, inForce, turn } from './broken-store.js';

/** Cursors beside the log, by the log's name. */
const logsCursors = new Map<string, Map<string, StoredCursor>>();

/** A store that keeps the cursor which `choose` prefers, once the inner store has accepted the new one. */
function choosing(
  inner: Store,
  name: string,
  choose: (kept: StoredCursor | undefined, cursor: StoredCursor) => StoredCursor,
): Partial<Store> {
  const known = logsCursors.get(name) ?? new Map<string, StoredCursor>();
  logsCursors.set(name, known);
  return {
    async saveCursor(key, cursor) {
      const kept = (await inner.loadCursor(key)) && known.get(key);
      await inner.saveCursor(key, cursor);
      known.set(key, choose(kept, cursor));
    },
    loadCursor: async (key) => (await inner.loadCursor(key)) && known.get(key),
  };
}

export const cursors: readonly BrokenStore[] = [
  {
    defect: 'lets the cursor that was saved last win',
    fails: ['cursors'],
    wrap: (inner, { name }) => choosing(inner, name, (_, cursor) => cursor),
  },
  {
    defect: 'keeps a cursor that is ahead, whatever has become of its place',
    fails: ['cursors'],
    wrap: (inner, { name }) =>
      choosing(inner, name, (kept, cursor) => (kept && kept.at.seq > cursor.at.seq ? kept : cursor)),
  },
  {
    defect: 'compares the cursor with the kept one before the transaction in which it writes',
    fails: ['cursors'],
    wrap: (inner, { name }) => {
      const store = choosing(inner, name, (_, cursor) => cursor);
      return {
        loadCursor: store.loadCursor as Store['loadCursor'],
        async saveCursor(key, cursor) {
          const kept = await store.loadCursor?.(key);
          await turn();
          const at = kept && inForce(await inner.state(), kept.at.seq) === kept.at.epoch ? kept.at : undefined;
          const isBehind = at && at.seq > cursor.at.seq;
          await inner.saveCursor(key, cursor);
          const time = Math.max(cursor.time, kept?.time ?? 0);
          await store.saveCursor?.(key, { at: isBehind ? at : cursor.at, time });
        },
      };
    },
  },
  {
    defect: 'does not give a cursor whose place was lost',
    fails: ['cursors'],
    wrap: (inner) => ({
      async loadCursor(key) {
        const cursor = await inner.loadCursor(key);
        const state = await inner.state();
        const isValid = cursor && cursor.at.seq <= state.head && inForce(state, cursor.at.seq) === cursor.at.epoch;
        return isValid ? cursor : undefined;
      },
    }),
  },
  {
    defect: 'takes cursors at any place',
    fails: ['cursors', 'recovery', 'errors'],
    wrap: (inner) => ({
      saveCursor: (key, cursor) =>
        inner.saveCursor(key, cursor).catch((error) => {
          if (!hasCode(error, 'ERR_SSE_POSITION')) throw error;
        }),
    }),
  },
  {
    defect: 'does nothing where a cursor does not move',
    fails: ['cursors'],
    wrap: (inner) => ({
      async saveCursor(key, cursor) {
        const kept = await inner.loadCursor(key);
        const isSame = kept?.at.seq === cursor.at.seq && kept.at.epoch === cursor.at.epoch;
        if (!isSame) await inner.saveCursor(key, cursor);
      },
    }),
  },
  {
    defect: 'reads the keys of cursors without their case',
    fails: ['cursors'],
    wrap: (inner) => ({
      saveCursor: (key, cursor) => inner.saveCursor(key.toLowerCase(), cursor),
      loadCursor: (key) => inner.loadCursor(key.toLowerCase()),
    }),
  },
  { defect: 'keeps cursors for ever', fails: ['cursors'], log: { cursorTtlMs: false } },
  { defect: 'keeps cursors for a day', fails: ['cursors'], log: { cursorTtlMs: 86_400_000 } },
];
