/** What the tests of items are written in. */
import assert from 'node:assert/strict';
import type { NewEntry, Store } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';

/** An entry that sets the item `id` of `channel`, or deletes it. */
export function change(rig: StoreRig, channel: string, id: string, json: string | undefined, key?: string): NewEntry {
  return { ...rig.entry(channel, `${id}: ${json}`, key), item: { id, json } };
}

/** The items of `channel` by id, in the order of the ids. */
export async function itemsOf(rig: StoreRig, channel: string, store: Store = rig.store): Promise<[string, string][]> {
  const loaded = await store.loadItems(channel);
  assert.ok(loaded, `the items of "${channel}" are known`);
  return [...loaded.items].sort(([a], [b]) => (a < b ? -1 : 1));
}
