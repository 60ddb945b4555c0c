/** Stores whose items are not what their changes have made. */
import type { ItemChange, NewEntry, Store } from '@headwater/core';
import { type BrokenStore, headOf, turn } from './broken-store.js';

type Items = Map<string, string>;

/** Items beside the log, by the log's name: what a store has that folds them by itself. */
const shelves = new Map<string, Map<string, Items>>();

class Shelf {
  readonly #channels: Map<string, Items>;

  constructor(name: string) {
    this.#channels = shelves.get(name) ?? new Map();
    shelves.set(name, this.#channels);
  }

  apply({ channel, item }: NewEntry): void {
    if (!item) return;
    const items = this.#channels.get(channel) ?? new Map<string, string>();
    this.#channels.set(channel, items);
    if (item.json === undefined) items.delete(item.id);
    else items.set(item.id, item.json);
  }

  /** Loads items from here instead of from `inner`. */
  loadFrom(inner: Store): Store['loadItems'] {
    return async (channel) => {
      const loaded = await inner.loadItems(channel);
      return { at: loaded?.at ?? (await headOf(inner)), items: new Map(this.#channels.get(channel)) };
    };
  }
}

/** Passes the changes of the entries through `change`. */
function changing(inner: Store, change: (item: ItemChange) => ItemChange): Partial<Store> {
  return {
    append: (entries, at) =>
      inner.append(
        entries.map((entry) => (entry.item ? { ...entry, item: change(entry.item) } : entry)),
        at,
      ),
  };
}

export const items: readonly BrokenStore[] = [
  {
    defect: 'changes items again for a duplicate',
    fails: ['items'],
    wrap: (inner, { name }) => {
      const shelf = new Shelf(name);
      return {
        loadItems: shelf.loadFrom(inner),
        async append(entries, at) {
          const appended = await inner.append(entries, at);
          for (const entry of entries) shelf.apply(entry);
          return appended;
        },
      };
    },
  },
  {
    defect: 'changes items before the fence is checked',
    fails: ['items'],
    wrap: (inner, { name }) => {
      const shelf = new Shelf(name);
      return {
        loadItems: shelf.loadFrom(inner),
        append(entries, at) {
          for (const entry of entries) shelf.apply(entry);
          return inner.append(entries, at);
        },
      };
    },
  },
  {
    defect: 'changes items after the append, in another transaction',
    fails: ['items'],
    wrap: (inner, { name }) => {
      const shelf = new Shelf(name);
      return {
        loadItems: shelf.loadFrom(inner),
        async append(entries, at) {
          const appended = await inner.append(entries, at);
          await turn();
          for (const [i, entry] of entries.entries()) if (!appended[i]?.duplicate) shelf.apply(entry);
          return appended;
        },
      };
    },
  },
  {
    defect: 'keeps the items as they were when a part of the log is lost',
    fails: ['items'],
    wrap: (inner, { name }) => {
      const shelf = new Shelf(name);
      return {
        loadItems: shelf.loadFrom(inner),
        append: (entries, at) =>
          inner.append(entries, at).then((appended) => {
            for (const [i, entry] of entries.entries()) if (!appended[i]?.duplicate) shelf.apply(entry);
            return appended;
          }),
      };
    },
  },
  {
    defect: 'reads the head after the items, in another transaction',
    fails: ['items'],
    wrap: (inner) => ({
      async loadItems(channel) {
        const loaded = await inner.loadItems(channel);
        await turn();
        return loaded && { ...loaded, at: await headOf(inner) };
      },
    }),
  },
  {
    defect: 'finds the items among the entries that are retained',
    fails: ['items'],
    wrap: (inner) => ({
      async loadItems(channel) {
        const loaded = await inner.loadItems(channel);
        const { entries } = await inner.read(0, [channel], 1);
        return entries.length > 0 || !loaded ? loaded : { ...loaded, items: new Map() };
      },
    }),
  },
  {
    defect: 'takes null for a deletion',
    fails: ['items'],
    wrap: (inner) => changing(inner, ({ id, json }) => ({ id, json: json === 'null' ? undefined : json })),
  },
  {
    defect: 'normalizes ids',
    fails: ['items'],
    wrap: (inner) => changing(inner, ({ id, json }) => ({ id: id.normalize(), json })),
  },
  {
    defect: 'does not know what was published to no channel',
    fails: ['items'],
    wrap: (inner) => ({
      async loadItems(channel) {
        const loaded = await inner.loadItems(channel);
        return loaded?.items.size === 0 ? undefined : loaded;
      },
    }),
  },
];
