/** Items: what all changes of a keyed channel have made, for as long as nobody deletes it. */
import type { StoreTest } from '../store-test.js';
import { itemsKept } from './items-kept.js';
import { itemsMade } from './items-made.js';

export const items: readonly StoreTest[] = [...itemsMade, ...itemsKept].map((test) => ({
  ...test,
  needs: ['items', ...(test.needs ?? [])],
}));
