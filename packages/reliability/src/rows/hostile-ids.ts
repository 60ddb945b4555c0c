/** Row 11: whatever somebody writes into Last-Event-ID is a place in the log or a reset, and never a permission. */
import { formatEventId, parseEventId } from '@headwater/core';
import fc from 'fast-check';
import { quantile, rounded } from '../harness/figures.js';
import { OPEN, type RawAnswer, rawGet } from '../harness/raw-request.js';
import type { Server } from '../harness/server.js';
import { defineRow } from '../row.js';

/** Node itself answers 431 above 16 KiB of headers. */
const MOST_LENGTH = 12_000;

const SQL = [
  "' OR 1=1; --",
  '"; DROP TABLE events; --',
  '$(reboot)',
  '{{7*7}}',
  '../../etc/passwd',
  '%00',
  '__proto__',
];

interface Case {
  readonly text: string;
  readonly where: 'header' | 'lastEventId' | 'last_event_id';
}

export const hostileIds = defineRow({
  name: 'hostile-ids',
  promise:
    "any Last-Event-ID is answered by 200, with a reset where it is no place of the log (400 where resets are rejected), quickly, and never shows another tenant's events",
  short: { cases: 300, letters: 20 },
  full: { cases: 10_000, letters: 20 },
  async run(trial, { cases, letters }) {
    const server = await trial.serve();
    await trial.publish(letters, ['private.ann', 'private.bob']);
    const ids = trial.ledger.inOrder(new Set(['private.ann', 'private.bob'])).map(({ id }) => id as string);
    const counts: Record<string, number> = { resumed: 0, reset: 0, fresh: 0 };
    const times: number[] = [];
    const tell = async (one: Case) => {
      const { resume, ms } = await mustBeSafe(server, one, ids);
      counts[resume] = (counts[resume] ?? 0) + 1;
      times.push(ms);
    };
    await fc.assert(fc.asyncProperty(caseOf(ids), tell), { seed: trial.seed, numRuns: cases });
    const rejected = await ask(server, '/rejecting', { text: 'nonsense', where: 'header' });
    const foreign = await rawGet(server.port, '/events?channels=private.bob', ['x-principal: ann'], () => true);
    if (rejected.status !== 400) throw new Error(`A rejected reset was answered by ${rejected.status}`);
    if (foreign.status !== 403) throw new Error(`Another tenant's channel was answered by ${foreign.status}`);
    const slow = quantile(times, 0.99);
    trial.atMost('the 99th percentile in ms', slow, 5);
    return {
      cases,
      ...counts,
      'p50 ms': rounded(quantile(times, 0.5)),
      'p99 ms': rounded(slow),
      'max ms': rounded(quantile(times, 1)),
      'events of others': 0,
    };
  },
});

function caseOf(ids: readonly string[]): fc.Arbitrary<Case> {
  const known = fc.constantFrom(...ids);
  const position = known.map((id) => parseEventId(id) as { epoch: string; seq: number });
  const text = fc.oneof(
    known,
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.string({ unit: fc.constantFrom(...'0123456789abcxyz.-_~'), maxLength: 40 }),
    fc.constantFrom(...SQL, '', ' ', '.', '0.0', 'a.', '.a', '-1', '1e9', 'NaN', 'null'),
    fc.integer({ min: 257, max: MOST_LENGTH }).map((length) => 'a.'.repeat(length / 2)),
    fc
      .tuple(position, fc.integer({ min: 1, max: 2 ** 40 }))
      .map(([{ epoch, seq }, more]) => formatEventId(epoch, seq + more)),
    fc
      .tuple(known, fc.nat(), fc.string({ maxLength: 3 }))
      .map(([id, at, put]) => `${id.slice(0, at % id.length)}${put}${id.slice((at % id.length) + 1)}`),
    fc
      .tuple(known, fc.constantFrom('\r\nx-principal: bob', '\n\n', '\r\n', '\0', ',', ';'))
      .map(([id, tail]) => `${id}${tail}`),
  );
  return fc.record({ text, where: fc.constantFrom<Case['where']>('header', 'lastEventId', 'last_event_id') });
}

/** Rejects where the answer is not what the id deserves, or shows anything of bob's. */
async function mustBeSafe(server: Server, one: Case, ids: readonly string[]): Promise<{ resume: string; ms: number }> {
  const read = one.where === 'header' ? headerText(one.text).trim() : wellFormed(one.text);
  const position = parseEventId(read);
  // Places between those of the letters are places too.
  const isPlace =
    ids.includes(read) ||
    (position && formatEventId(position.epoch, ids.length) === ids.at(-1) && position.seq <= ids.length);
  const wanted = read === '' ? 'fresh' : isPlace ? 'resumed' : 'reset';
  // Letters are ann's and bob's by turns. With her last one it is known that none of his came before it.
  const due =
    wanted === 'fresh' || (isPlace && (position?.seq ?? 0) >= ids.length - 1) ? '' : `data: ${ids.length - 2} `;
  const { status, resume, body, ms } = await ask(server, '/events', one, due);
  if (status !== 200 || resume !== wanted)
    throw new Error(`Answered by ${status}, ${resume}, not ${wanted}: ${body.slice(0, 200)}`);
  const foreign = [...body.matchAll(/data: (\d+) /g)].find(([, n]) => Number(n) % 2 === 1);
  if (foreign) throw new Error(`Got ${foreign[0]}, which is another tenant's`);
  return { resume, ms };
}

/** A request of ann's. The answer is read until its first event and `due` are there. */
function ask(server: Server, path: string, { text, where }: Case, due = ''): Promise<RawAnswer> {
  const query = where === 'header' ? '' : `&${where}=${encodeURIComponent(wellFormed(text))}`;
  const header = where === 'header' ? [`Last-Event-ID: ${headerText(text)}`] : [];
  const isEnough = (answer: string) => OPEN.test(answer) && answer.includes(due);
  return rawGet(server.port, `${path}?channels=private.ann${query}`, ['x-principal: ann', ...header], isEnough);
}

/** What a header can carry: the bytes that HTTP allows in a value. */
function headerText(text: string): string {
  return Buffer.from(wellFormed(text), 'utf8')
    .toString('latin1')
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
