/** Notes: what a run itself says about its figures. */
import type { Row } from '../harness/rounds.js';
import { COLUMNS, OTHERS } from '../scenarios/figures.js';
import type { Scenario } from '../scenarios/scenario.js';
import { renderList } from './markdown.js';

/** What the remarks of a row mean. A remark that is not here speaks for itself. */
const MEANINGS: Readonly<Record<string, string>> = {
  'client-bound':
    "the clients' process had no time left, so the server may be able to do more than its rate, its latency and its share delivered say; CPU time per delivery is not touched by that",
  'machine busy': `something else used more than ${OTHERS} of a core meanwhile`,
};

/** Limits, losses and who fell behind, each with the rows that it applies to. */
export function renderNotes({ columns }: Scenario, rows: readonly Row[]): string {
  const notes = new Map<string, string[]>();
  const note = (what: string, variant: string): void => {
    const of = notes.get(what);
    if (of) of.push(variant);
    else notes.set(what, [variant]);
  };
  for (const row of rows) {
    for (const remark of row.remarks) note(remark, row.variant);
    if (columns.includes(COLUMNS.keepsUp) && isBehind(row)) note('did not keep up', row.variant);
  }
  return renderList(
    [...notes].map(
      ([what, variants]) =>
        `**${what}**${meaning(what)}: ${variants.length === rows.length ? 'all rows' : variants.map((name) => `\`${name}\``).join('; ')}`,
    ),
  );
}

function isBehind(row: Row): boolean {
  return Number.isFinite(row.median('published')) && COLUMNS.keepsUp.cell(row) !== 'holds';
}

function meaning(what: string): string {
  return MEANINGS[what] ? ` (${MEANINGS[what]})` : '';
}
