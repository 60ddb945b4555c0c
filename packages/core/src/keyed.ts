/** Keyed channels: what is published are operations on items, and the store keeps the items that they have made. Pure. */
import type { ItemChange } from './store.js';

/** An item of a keyed channel. */
export interface Item {
  /** 1 to 200 characters; a finite number counts as its decimal text. */
  readonly id: string | number;
}

/** The data of a keyed channel's messages. `create` and `update` carry the whole item; of a deleted one the id is enough. */
export type Operation<Of extends Item = Item & Record<string, unknown>> =
  | { readonly op: 'create' | 'update'; readonly item: Of }
  | { readonly op: 'delete'; readonly item: Pick<Of, 'id'> };

const OPERATIONS: readonly unknown[] = ['create', 'update', 'delete'];

const LONE_SURROGATE = /\p{Surrogate}/u;

/** What a message's data does to the items of `channel`. @throws TypeError where it is no operation. */
export function toChange(channel: string, data: unknown): ItemChange {
  const { op, item } = (typeof data === 'object' && data !== null ? data : {}) as Partial<Operation>;
  if (!OPERATIONS.includes(op) || typeof item !== 'object' || item === null) {
    throw new TypeError(
      `Cannot publish to keyed channel "${channel}": data must be { op: 'create' | 'update' | 'delete', item: { id, ... } }`,
    );
  }
  const id = typeof item.id === 'number' && Number.isFinite(item.id) ? String(item.id) : item.id;
  if (typeof id !== 'string' || id.length === 0 || id.length > 200 || LONE_SURROGATE.test(id)) {
    throw new TypeError(
      `Cannot publish to keyed channel "${channel}": item.id must be 1 to 200 characters, or a number`,
    );
  }
  return { id, json: op === 'delete' ? undefined : JSON.stringify(item) };
}

/** All items as one JSON array, in the order of their ids. */
export function itemsToJson(items: ReadonlyMap<string, string>): string {
  const ids = [...items.keys()].sort();
  return `[${ids.map((id) => items.get(id)).join(',')}]`;
}
