/**
 * Items: the state of a keyed channel, folded from its snapshots and operations. It is whole after the first snapshot; a reset that
 * a snapshot does not follow leaves nothing that could be trusted, so it empties the state.
 */
import type { EventStream } from '../connect.js';
import type { Incoming, Reset, Snapshot } from '../events.js';

/** An operation on one item, as a keyed channel carries it. */
export interface Operation<Item> {
  readonly op: 'create' | 'update' | 'delete';
  readonly item: Item;
}

/** What an item must have. */
export interface Identified {
  readonly id: string | number;
}

/** The items of a keyed channel, by id. */
export interface Items<Item extends Identified> {
  /** Replaced at each change and never modified, so that it can be compared. */
  readonly current: ReadonlyMap<Item['id'], Item>;
  /** Calls `listener` after each change. Returns the function that removes it. */
  subscribe(listener: () => void): () => void;
  /** Listens no more. */
  stop(): void;
}

/**
 * Follows a keyed channel.
 * @param event The name under which its operations are published. Default `message`.
 * @example
 * const todos = items<Todo>(stream, 'todos');
 * todos.subscribe(() => render([...todos.current.values()]));
 */
export function items<Item extends Identified>(
  stream: EventStream<never>,
  channel: string,
  event = 'message',
): Items<Item> {
  const listeners = new Set<() => void>();
  let current: ReadonlyMap<Item['id'], Item> = new Map();
  const change = (next: ReadonlyMap<Item['id'], Item>) => {
    current = next;
    for (const listener of [...listeners]) listener();
  };
  const untyped = stream as unknown as EventStream;
  const stops = [
    untyped.on('sse.reset', ({ data }: { data: Reset }) => {
      if (data.channels.includes(channel)) change(new Map());
    }),
    untyped.on('sse.snapshot', ({ data }: { data: Snapshot }) => {
      if (data.channel === channel) change(new Map((data.data as readonly Item[]).map((item) => [item.id, item])));
    }),
    untyped.on(event, (incoming: Incoming) => {
      if (incoming.channel === channel) change(applied(current, incoming.data as Operation<Item>));
    }),
  ];
  return {
    get current() {
      return current;
    },
    subscribe(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    stop() {
      for (const stop of stops) stop();
      listeners.clear();
    },
  };
}

/** The state after one operation. */
function applied<Item extends Identified>(
  items: ReadonlyMap<Item['id'], Item>,
  { op, item }: Operation<Item>,
): ReadonlyMap<Item['id'], Item> {
  const next = new Map(items);
  if (op === 'delete') next.delete(item.id);
  else next.set(item.id, item);
  return next;
}
