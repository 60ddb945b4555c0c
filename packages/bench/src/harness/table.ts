/** Tables: aligned, and Markdown at the same time. The ratio to the reference comes first. */
import type { Column, Parameters, Scenario } from '../scenarios/scenario.js';
import type { Row } from './rounds.js';

/** The scenario's main table and, where it has more to tell, a second one. */
export function renderTables(scenario: Scenario, rows: readonly Row[]): string {
  const { score, columns, details } = scenario;
  const main: Column[] = [
    { title: score.ratio, cell: (row) => ratio(row, rows, scenario) },
    column(score.title, score.metric, score.show),
    { title: 'spread', cell: (row) => (row.samples.length > 1 ? `±${row.spread(score.metric).toFixed(0)} %` : '-') },
    ...columns,
    { title: 'checked', cell: ({ remarks }) => remarks.join('; ') || 'ok' },
  ];
  const tables = details.length > 0 ? [main, details] : [main];
  return tables.map((table) => renderTable(table, rows)).join('\n\n');
}

function renderTable(columns: readonly Column[], rows: readonly Row[]): string {
  const head = ['', ...columns.map(({ title }) => title)];
  const body = rows.map((row) => [row.variant, ...columns.map(({ cell }) => cell(row))]);
  const lines = [head, ...body].map((cells) => cells.map((cell) => (cell.includes('NaN') ? '-' : cell)));
  const widths = head.map((_, i) => Math.max(3, ...lines.map((cells) => cells[i]?.length ?? 0)));
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  lines.splice(1, 0, rule);
  return lines.map((cells) => renderLine(cells, widths)).join('\n');
}

/** What a scenario was measured with. */
export function describeParameters(scenario: Scenario, parameters: Parameters): string {
  const shown = scenario.parameters.map((name) => `${name} ${parameters[name]?.toLocaleString('en')}`);
  return `${shown.join(', ')}, rounds ${parameters.rounds}`;
}

/** A column that shows the median of one metric. */
export function column(title: string, metric: string, show: (value: number) => string): Column {
  return { title, cell: (row) => show(row.median(metric)) };
}

export const fixed =
  (digits: number, scale = 1) =>
  (value: number): string =>
    (value * scale).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Microseconds as milliseconds. */
export const asMs: (value: number) => string = fixed(1, 1e-3);

export const asMB: (value: number) => string = fixed(0, 1e-6);

function ratio(row: Row, rows: readonly Row[], scenario: Scenario): string {
  return `${fixed(2)(ratioOf(row, rows, scenario))}x`;
}

/** The row beside its reference, the way round in which the scenario tells it; NaN where it has none. */
export function ratioOf(row: Row, rows: readonly Row[], { score }: Scenario): number {
  const { metric, better, reference, isShare } = score;
  const isFixed = typeof reference === 'string';
  const name = isFixed ? reference : reference(row.variant);
  const found = rows.find(({ variant }) => variant === name) ?? (isFixed ? rows[0] : undefined);
  if (!found) return Number.NaN;
  const [own, other] = [row.median(metric), found.median(metric)];
  return better === 'more' && !isShare ? other / own : own / other;
}

function renderLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
  return `| ${padded.join(' | ')} |`;
}
