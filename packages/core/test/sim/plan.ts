/** Plan: what one seed is about: its sizes, and how often each thing happens. Each seed leaves some things out, so that others meet. */
import type { MemoryStoreOptions } from '../../src/memory/options.js';
import type { HubOptions } from '../../src/options.js';
import type { ActionName } from './actions.js';
import type { Random } from './random.js';
import type { Faults } from './shared-log.js';

export type Weights = Readonly<Partial<Record<ActionName, number>>>;

export interface Plan {
  readonly channels: readonly string[];
  readonly retention: MemoryStoreOptions;
  readonly hub: HubOptions;
  readonly faults: Faults;
  readonly lags: readonly [number, number];
  /** The most that one look at a clock takes, in milliseconds. */
  readonly slowMs: number;
  /** How likely the provider's answer is passed over. */
  readonly providerLag: number;
  readonly clients: number;
  /** Channels whose state a provider knows. */
  readonly provided: readonly string[];
  readonly weights: ReadonlyMap<ActionName, number>;
  readonly steps: number;
}

/** Most actions happen in two seeds of three. The rest is what makes a run go on at all. */
const ALWAYS: ReadonlySet<ActionName> = new Set<ActionName>(['publish', 'connect', 'store', 'turn', 'take']);

const USUAL: Readonly<Record<ActionName, number>> = {
  publish: 12,
  publishKeyed: 2,
  connect: 8,
  store: 40,
  turn: 16,
  take: 16,
  pass: 6,
  passLong: 0.5,
  cut: 4,
  cutUnnoticed: 0.5,
  pause: 3,
  drain: 4,
  send: 1.5,
  closeByServer: 0.7,
  subscribe: 1.5,
  unsubscribe: 0.7,
  sweep: 1.5,
  saveSnapshot: 2,
  saveGuessed: 0.3,
  corrupt: 0.3,
  loseTail: 0.7,
  skipEntry: 0.5,
  stall: 0.3,
  rollback: 0.7,
  wipe: 0.15,
  restart: 0.4,
};

/** What a run is to be about, where chance would take too long to come to it. */
export interface Guide {
  readonly weights?: Weights;
  readonly sizes?: Partial<Pick<Plan, 'channels' | 'clients' | 'slowMs' | 'providerLag' | 'provided' | 'faults'>>;
}

export function makePlan(random: Random, { weights: given = {}, sizes = {} }: Guide = {}): Plan {
  const channels = sizes.channels ?? ['a', 'b', 'c', 'd'].slice(0, random.between(1, 4));
  const counts = new Map(channels.map((channel) => [channel, random.pick([2, 3, 5, 8, 1_000])]));
  const weights = new Map<ActionName, number>();
  for (const name of Object.keys(USUAL) as ActionName[]) {
    const isIn = ALWAYS.has(name) || name in given || random.chance(0.67);
    weights.set(name, isIn ? (given[name] ?? USUAL[name] * random.pick([0.5, 1, 2])) : 0);
  }
  return {
    channels,
    retention: {
      retentionOf: (channel) => ({ count: counts.get(channel) ?? 1_000, ageMs: random.pick([2_000, 60_000]) }),
      forgetAfterMs: random.pick([500, 60_000]),
      snapshotTtlMs: random.pick([4_000, 600_000]),
    },
    hub: {
      ringEvents: random.pick([1, 2, 4, 8, 16]),
      headCheckMs: 1_000,
      heartbeatMs: random.pick([false, 500]),
      stallMs: random.pick([2_000, 30_000]),
      callbackTimeoutMs: 1_500,
    },
    faults: { refuse: random.pick([0, 0, 0.03]), forgetAnswer: random.pick([0, 0, 0.1]) },
    lags: [random.pick([0, 0.5, 0.95]), random.pick([0, 0.5, 0.95])],
    slowMs: random.pick([0, 4, 12]),
    providerLag: random.pick([0, 0.9]),
    clients: random.pick([1, 2, 3, 4, 5, 8]),
    provided: random.chance(0.4) ? random.some(channels) : [],
    weights,
    steps: random.between(60, 160),
    ...sizes,
  };
}
