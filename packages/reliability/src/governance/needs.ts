/** Which stores a row of governance says something about. */
import type { StoreKind } from '../stores/store.js';

/** The store plays no part: once is enough. */
export const once = (kind: StoreKind): string | undefined =>
  kind.name === 'memory' ? undefined : 'the store plays no part';

/** Several processes serve one log. */
export const shared = (kind: StoreKind): string | undefined => (kind.isShared ? undefined : 'one process only');
