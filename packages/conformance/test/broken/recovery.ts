/** Stores that judge a place in one way here and in another way there. */
import type { EpochStart } from '@headwater/core';
import { fenced } from '@headwater/core/store-kit';
import { type BrokenStore, inForce } from './broken-store.js';

/** Every epoch that a log ever had, by the log's name. */
const logsEpochs = new Map<string, Map<string, EpochStart>>();

export const recovery: readonly BrokenStore[] = [
  {
    defect: 'tails from places of the current epoch only',
    fails: ['recovery', 'fence', 'tail', 'floors'],
    wrap: (inner) => ({
      async tail(from, listener) {
        const state = await inner.state();
        if (inForce(state, state.head) !== from.epoch) throw fenced('tail', from, state.head);
        return inner.tail(from, listener);
      },
    }),
  },
  {
    defect: 'takes a snapshot from ahead of the head for one of the head',
    fails: ['recovery', 'snapshots'],
    wrap: (inner) => ({
      async saveSnapshot(channel, snapshot) {
        const { epoch, seq } = snapshot.at;
        const { head } = await inner.state();
        await inner.saveSnapshot(channel, { ...snapshot, at: { epoch, seq: Math.min(seq, head) } });
      },
    }),
  },
  {
    defect: 'remembers epochs that were lost with the log',
    fails: ['recovery'],
    wrap: (inner, { name }) => {
      const all = logsEpochs.get(name) ?? new Map<string, EpochStart>();
      logsEpochs.set(name, all);
      return {
        async startEpoch(epoch) {
          const state = await inner.startEpoch(epoch);
          for (const start of state.epochs) all.set(start.epoch, start);
          return state;
        },
        async state() {
          const state = await inner.state();
          return { ...state, epochs: [...all.values()].sort((a, b) => a.start - b.start) };
        },
      };
    },
  },
  {
    defect: 'accepts appends behind the head only in the current epoch',
    fails: ['recovery', 'fence'],
    wrap: (inner) => ({
      async append(entries, at) {
        const state = await inner.state();
        if (at.seq < state.head && inForce(state, state.head) !== at.epoch) throw fenced('append', at, state.head);
        return inner.append(entries, at);
      },
    }),
  },
  {
    defect: 'keeps the floors that it has read once',
    fails: ['recovery', 'floors', 'retention'],
    wrap: (inner) => {
      const known = new Map<string, number>();
      return {
        async read(...args) {
          const page = await inner.read(...args);
          for (const [channel, floor] of page.floors) if (!known.has(channel)) known.set(channel, floor);
          return { ...page, floors: new Map([...page.floors].map(([channel]) => [channel, known.get(channel) ?? 0])) };
        },
      };
    },
  },
];
