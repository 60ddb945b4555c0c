/** Stores that know keys only in fair weather. */
import { type BrokenStore, headOf } from './broken-store.js';

const logsKeys = new Map<string, Map<string, { epoch: string; seq: number; duplicate: boolean }>>();

function knownKeys(name: string) {
  const known = logsKeys.get(name) ?? new Map<string, { epoch: string; seq: number; duplicate: boolean }>();
  logsKeys.set(name, known);
  return known;
}

export const keys: readonly BrokenStore[] = [
  {
    defect: 'does not know keys',
    fails: ['keys', 'writers', 'prev', 'items', 'control', 'handles'],
    wrap: (inner) => ({
      append: (entries, at) =>
        inner.append(
          entries.map((entry) => ({ ...entry, key: undefined })),
          at,
        ),
    }),
  },
  {
    defect: 'joins channel and key without telling them apart',
    fails: ['keys'],
    wrap: (inner) => {
      const known = new Map<string, string>();
      return {
        async append(entries, at) {
          const appended = [...(await inner.append(entries, at))];
          for (const [i, { channel, key }] of entries.entries()) {
            const joined = `${channel}${key}`;
            const isOther = key !== undefined && (known.get(joined) ?? channel) !== channel;
            if (isOther) appended[i] = { ...(appended[i] as (typeof appended)[number]), duplicate: true };
            else if (key !== undefined) known.set(joined, channel);
          }
          return appended;
        },
      };
    },
  },
  { defect: 'keeps keys for a day', fails: ['keys'], log: { keyTtlMs: 86_400_000 } },
  { defect: 'keeps keys for a minute', fails: ['keys'], log: { keyTtlMs: 60_000 } },
  {
    defect: 'looks keys up before the transaction in which it writes',
    fails: ['keys', 'writers', 'items', 'control'],
    wrap: (inner, { name }) => {
      const known = knownKeys(name);
      return {
        async append(entries, at) {
          const seen = entries.map(({ channel, key }) => (key ? known.get(`${channel} ${key}`) : undefined));
          await Promise.resolve();
          const fresh = entries.filter((_, i) => !seen[i]).map((entry) => ({ ...entry, key: undefined }));
          const written = [...(await inner.append(fresh, at))];
          return entries.map(({ channel, key }, i) => {
            const answer = seen[i] ?? (written.shift() as (typeof written)[number]);
            if (key) known.set(`${channel} ${key}`, { ...answer, duplicate: true });
            return answer;
          });
        },
      };
    },
  },
  {
    defect: 'answers a duplicate with the position at the head',
    fails: ['keys', 'writers', 'control', 'handles'],
    wrap: (inner) => ({
      async append(entries, at) {
        const appended = await inner.append(entries, at);
        const head = await headOf(inner);
        return appended.map((one) => (one.duplicate ? { ...head, duplicate: true } : one));
      },
    }),
  },
];
