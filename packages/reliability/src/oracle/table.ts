/**
 * Table: a client that keeps a state, as `docs/protocol.md` asks: what comes between `sse.reset` and the next id is held back and applied
 * whole or not at all.
 */
import type { Taken } from '../harness/follower.js';
import { seqOf } from './ledger.js';

export type State = Map<string, unknown>;

/** How a channel's snapshots and events read. */
export interface Reading {
  readonly fromSnapshot: (data: unknown) => State;
  readonly apply: (state: State, data: unknown) => void;
}

export class Table {
  state: State = new Map();
  /** The place of the newest event with an id. */
  place = 0;
  /** Control events, by name, in order. */
  readonly controls: string[] = [];
  readonly #reading: Reading;
  #held: Taken[] | undefined;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  readonly take = (event: Taken): void => {
    if (event.event.startsWith('sse.')) this.controls.push(event.event);
    // Another connection: what the last one had not completed was never received.
    if (event.event === 'sse.open') this.#held = undefined;
    if (event.event === 'sse.reset') this.#held = [];
    if (this.#held && event.id === undefined) {
      this.#held.push(event);
      return;
    }
    for (const held of this.#held ?? []) this.#apply(held);
    this.#held = undefined;
    this.#apply(event);
    if (event.id !== undefined) this.place = seqOf(event.id);
  };

  #apply({ event, data }: Taken): void {
    if (event === 'sse.snapshot') this.state = this.#reading.fromSnapshot(JSON.parse(data).data);
    else if (!event.startsWith('sse.')) this.#reading.apply(this.state, JSON.parse(data));
  }
}

/** A channel whose application publishes `{ key, value }` and provides an object. */
export const PROVIDED: Reading = {
  fromSnapshot: (data) => new Map(Object.entries(data as object)),
  apply: (state, data) => {
    const { key, value } = data as { key: string; value: unknown };
    state.set(key, value);
  },
};

/** What is published to a keyed channel. */
export interface Change {
  readonly op: 'create' | 'update' | 'delete';
  readonly item: { readonly id: string; readonly value?: number };
}

/** A keyed channel: operations, and an array of items. */
export const KEYED: Reading = {
  fromSnapshot: (data) => new Map((data as { id: string }[]).map((item) => [item.id, item])),
  apply: (state, data) => {
    const { op, item } = data as Change;
    if (op === 'delete') state.delete(item.id);
    else state.set(item.id, item);
  },
};

/** The same whatever the order in which it came to be. */
export function describeState(state: State): string {
  return JSON.stringify([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
}
