/** Stores that gather what is appended at once, and mix it up. */
import { type Appended, type Entry, hasCode, SseError, type Store } from '@headwater/core';
import { type AppendCall, GroupCommit, type Outcome } from '@headwater/core/store-kit';
import { type BrokenStore, headOf } from './broken-store.js';

/** One call, as its outcome. */
async function outcomeOf(inner: Store, { entries, at }: AppendCall): Promise<Outcome> {
  return inner.append(entries, at).catch((error: Error) => error);
}

/** A store that commits the calls which come at once together, by `commit`. */
function grouping(commit: (calls: readonly AppendCall[]) => Promise<readonly Outcome[]>): Partial<Store> {
  const group = new GroupCommit(commit);
  return { append: (entries, at) => group.append(entries, at) };
}

export const writers: readonly BrokenStore[] = [
  {
    defect: 'writes the calls that come at once in any order',
    fails: ['writers'],
    wrap: (inner) =>
      grouping(async (calls) => {
        const outcomes: Outcome[] = [];
        for (let i = calls.length - 1; i >= 0; i--) outcomes[i] = await outcomeOf(inner, calls[i] as AppendCall);
        return outcomes;
      }),
  },
  {
    defect: 'mixes the entries of the calls that come at once',
    fails: ['writers', 'append'],
    wrap: (inner) =>
      grouping(async (calls) => {
        if (calls.length === 1) return [await outcomeOf(inner, calls[0] as AppendCall)];
        const outcomes: (Appended[] | Error)[] = calls.map(() => []);
        for (let n = 0; calls.some(({ entries }) => entries.length > n); n++) {
          for (const [i, { entries, at }] of calls.entries()) {
            const outcome = outcomes[i] as Appended[] | Error;
            if (outcome instanceof Error) continue;
            const written = await outcomeOf(inner, { entries: entries.slice(n, n + 1), at });
            if (written instanceof Error) outcomes[i] = written;
            else outcome.push(...written);
          }
        }
        return outcomes;
      }),
  },
  {
    defect: 'refuses every call of a group with the one that the fence refuses',
    fails: ['writers', 'errors'],
    wrap: (inner) =>
      grouping(async (calls) => {
        const checks = await Promise.all(calls.map(({ at }) => outcomeOf(inner, { entries: [], at })));
        const refusal = checks.find((check) => hasCode(check, 'ERR_SSE_FENCED'));
        if (refusal) throw refusal;
        return Promise.all(calls.map((call) => outcomeOf(inner, call)));
      }),
  },
  {
    defect: 'checks the fence of the first call of a group for all',
    fails: ['writers', 'fence', 'errors'],
    wrap: (inner) =>
      grouping(async (calls) => {
        const [first] = calls as [AppendCall];
        const check = await outcomeOf(inner, { entries: [], at: first.at });
        if (check instanceof Error) throw check;
        const at = await headOf(inner);
        return Promise.all(calls.map(({ entries }) => outcomeOf(inner, { entries, at })));
      }),
  },
  {
    defect: 'looks keys up once for all calls of a group',
    fails: ['writers', 'keys'],
    wrap: (inner) =>
      grouping((calls) => {
        const seen = new Set<string>();
        const isRepeated = (channel: string, key: string) => {
          const scoped = `${channel} ${key}`;
          return seen.has(scoped) || !seen.add(scoped);
        };
        // Within a batch keys are looked up one by one.
        const blind = calls.map(({ entries, at }) => {
          const repeated = entries.map(({ channel, key }) => key !== undefined && isRepeated(channel, key));
          const isBlind = calls.length > 1;
          return { at, entries: entries.map((e, i) => (isBlind && repeated[i] ? { ...e, key: undefined } : e)) };
        });
        return Promise.all(blind.map((call) => outcomeOf(inner, call)));
      }),
  },
  {
    defect: 'writes as many calls at once as fit, and drops the rest',
    fails: ['writers'],
    wrap: (inner) =>
      grouping((calls) => {
        const full = new SseError('ERR_SSE_STORE', 'the queue is full');
        return Promise.all(calls.map((call, i) => (i < 45 ? outcomeOf(inner, call) : full)));
      }),
  },
  {
    defect: 'tells a handle of its own entries before those of others',
    fails: ['writers', 'handles', 'control'],
    wrap: (inner) => {
      const own = new Set<string>();
      const isOwn = ({ body }: Entry) => own.has(Buffer.from(body).toString());
      return {
        append(entries, at) {
          for (const { body } of entries) own.add(Buffer.from(body).toString());
          return inner.append(entries, at);
        },
        async tail(from, listener) {
          let isOver = false;
          const tell = (entries: readonly Entry[]) => !isOver && listener.entries(entries);
          const tail = await inner.tail(from, {
            lost: (error) => listener.lost(error),
            entries: (entries) => (entries.every(isOwn) ? tell(entries) : setImmediate(tell, entries)),
          });
          return {
            stop() {
              isOver = true;
              tail.stop();
            },
          };
        },
      };
    },
  },
];
