/** Report: a run as a page with charts. Everything in it that is a figure comes from the run. */
import type { Row } from '../harness/rounds.js';
import { describeParameters, renderTables } from '../harness/table.js';
import { SCENARIOS } from '../scenarios/index.js';
import type { Scenario } from '../scenarios/scenario.js';
import { CHARTS } from './charts.js';
import { join, renderCells, renderList, unwrap } from './markdown.js';
import { renderNotes } from './notes.js';
import type { Result, Run } from './result.js';
import { renderSummary } from './summary.js';
import { CONTENDERS_EXPLAINED, INTRODUCTION, METHOD, NOT_MEASURED, REPEAT, SUMMARY_EXPLAINED } from './texts.js';

/** Names of files, relative to the folder of the report, and what is in them. */
export type Files = ReadonlyMap<string, string>;

interface Section {
  readonly scenario: Scenario;
  readonly result: Result;
  readonly rows: readonly Row[];
}

export function renderReport(run: Run): Files {
  const files = new Map<string, string>();
  const sections = run.results.flatMap((result): Section[] => {
    const scenario = SCENARIOS.find(({ name }) => name === result.scenario);
    return scenario ? [{ scenario, result, rows: result.rows }] : [];
  });
  const page = join(
    '# Performance',
    unwrap(INTRODUCTION),
    renderMachine(run),
    '## The ratios',
    renderSummary(sections),
    unwrap(SUMMARY_EXPLAINED),
    ...sections.map((section) => renderSection(section, files)),
    renderLeftOut(run),
    '## How it is measured',
    renderList(METHOD.map(unwrap)),
    unwrap(CONTENDERS_EXPLAINED),
    '## What is not measured',
    renderList(NOT_MEASURED.map(unwrap)),
    '## Repeat it',
    REPEAT,
  );
  files.set('performance.md', `${page}\n`);
  return files;
}

function renderMachine({ machine, minutes, engines }: Run): string {
  const { machine: hardware, node, libraries, load, date } = machine;
  return renderCells([
    ['measured on', ''],
    ['machine', hardware],
    ['Node', node],
    ['libraries', [libraries, ...engines].join(', ')],
    ['load', load],
    ['date', date.slice(0, 10)],
    ['took', `${minutes.toFixed(0)} minutes`],
  ]).replaceAll('---:', '---');
}

function renderSection(section: Section, files: Map<string, string>): string {
  const { scenario, result, rows } = section;
  const asks = scenario.asks?.(rows, result.parameters) ?? [];
  const asked = asks.map(({ asked, found, isMet }) => [asked, found.replace(/NaN.*/, '-'), isMet ? 'yes' : '**no**']);
  return join(
    `## ${scenario.name}: ${scenario.about}`,
    unwrap(scenario.explained),
    ...renderCharts(section, files),
    `*${describeParameters(scenario, result.parameters)}*`,
    renderTables(scenario, rows),
    asked.length > 0 ? renderCells([['asked', 'found', 'met'], ...asked]) : '',
    renderNotes(scenario, rows),
  );
}

/** A chart of nothing but failed rounds is left out. */
function renderCharts({ scenario: { name, score }, result, rows }: Section, files: Map<string, string>): string[] {
  const known = rows.filter((row) => Number.isFinite(row.median(score.metric)));
  if (known.length === 0) return [];
  return CHARTS.filter(({ scenario }) => scenario === name).map((chart) => {
    const file = `images/performance-${chart.name}.svg`;
    const title = chart.title(result.parameters);
    files.set(file, chart.draw(known, title).svg);
    return `![${title}](${file})`;
  });
}

function renderLeftOut({ leftOut }: Run): string {
  if (leftOut.length === 0) return '';
  return join('## Left out on this machine', renderList(leftOut.map(({ scenario, why }) => `${scenario}: ${why}`)));
}
