/** Channels with a state: one that the application itself keeps and provides, and one whose items the store folds. */

import { seqOf } from '../oracle/ledger.js';
import { describeState, KEYED, PROVIDED, type Reading, type State } from '../oracle/table.js';
import type { Trial } from '../trial.js';
import { deliver } from './deliver.js';
import { below } from './random.js';
import type { Server, ServerSetup } from './server.js';

const KEYS = 50;
const TABLE = 'table';
const TODOS = 'todos';

export interface StateChannel {
  readonly name: string;
  readonly reading: Reading;
  /** Changes the state as often as that; resolves to the id of the newest change. */
  change(count: number): Promise<string>;
  /** What `state` has to be, by `describeState`. */
  truth(): Promise<string>;
}

/** What a server with these channels is told. */
export function stateSetup({ kind }: Trial): Pick<ServerSetup, 'provided' | 'keyed'> {
  return { provided: TABLE, keyed: kind.hasItems ? [TODOS] : [] };
}

/** On the trial's first server: the provided one and, where the store folds items, the keyed one. */
export function stateChannels(trial: Trial): readonly [StateChannel, ...StateChannel[]] {
  return trial.kind.hasItems ? [provided(trial), keyed(trial)] : [provided(trial)];
}

function provided({ servers, random }: Trial): StateChannel {
  const server = servers[0] as Server;
  const mutate = async () => {
    const change = { key: `key ${below(random, KEYS)}`, value: below(random, 1e9) };
    return (await server.call<{ id: string }>('mutate', change)).id;
  };
  return {
    name: TABLE,
    reading: PROVIDED,
    change: async (count) => newest(await Promise.all(Array.from({ length: count }, mutate))),
    truth: async () => describeState(new Map(Object.entries(await server.call<object>('state')))),
  };
}

/** The order of the changes is known because one call is made after the other. */
function keyed({ servers, random, ledger }: Trial): StateChannel {
  const state: State = new Map();
  const makeChange = () => {
    const { n } = ledger.write(TODOS, random, 0);
    const id = `item ${below(random, KEYS)}`;
    const op = state.has(id) ? (random() < 0.3 ? ('delete' as const) : ('update' as const)) : ('create' as const);
    const data = { op, item: op === 'delete' ? { id } : { id, value: n } };
    KEYED.apply(state, data);
    return { channel: TODOS, data, key: `change ${n}` };
  };
  return {
    name: TODOS,
    reading: KEYED,
    change: async (count) => newest(await deliver(Array.from({ length: count }, makeChange), servers, random)),
    truth: async () => describeState(state),
  };
}

export function newest(ids: readonly string[]): string {
  return ids.reduce((a, b) => (seqOf(b) > seqOf(a) ? b : a));
}
