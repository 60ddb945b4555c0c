/** Summary: the ratios that come first. Above 1 is for Headwater, whichever way the figure counts. */
import type { Row } from '../harness/rounds.js';
import { fixed } from '../harness/table.js';
import { REFERENCE, type Scenario } from '../scenarios/scenario.js';
import { renderCells } from './markdown.js';

const BASELINE = 'plain';
const LIBRARIES = ['better-sse', '@fastify/sse', 'fastify-sse-v2', 'express-sse', 'sse-channel'];

/** One line for each scenario in which there is somebody to compare with. */
export function renderSummary(results: readonly { scenario: Scenario; rows: readonly Row[] }[]): string {
  const lines = results.flatMap(({ scenario, rows }) => {
    const ours = rows.find((row) => row.variant === REFERENCE && Number.isFinite(row.median(scenario.score.metric)));
    const plain = rows.find(({ variant }) => variant === BASELINE);
    const best = bestOf(rows, scenario);
    return ours && (plain || best) ? [toLine(scenario, ours, plain, best)] : [];
  });
  const head = [
    '',
    'beside `plain`',
    'beside the best other library',
    'Headwater',
    '`plain`',
    'the best other library',
  ];
  return lines.length > 0 ? renderCells([head, ...lines]) : '';
}

function toLine(scenario: Scenario, ours: Row, plain: Row | undefined, best: Row | undefined): string[] {
  const { metric, title, show } = scenario.score;
  const figure = (row: Row | undefined): string => {
    const value = row?.median(metric) ?? Number.NaN;
    return Number.isFinite(value) ? show(value) : '-';
  };
  return [
    `${scenario.about}: ${title}`,
    advantage(ours, plain, scenario),
    advantage(ours, best, scenario),
    figure(ours),
    figure(plain),
    best ? `${figure(best)} (${best.variant})` : '-',
  ];
}

function advantage(ours: Row, other: Row | undefined, { score: { metric, better } }: Scenario): string {
  if (!other) return '-';
  const [own, others] = [ours.median(metric), other.median(metric)];
  const ratio = better === 'more' ? own / others : others / own;
  return Number.isFinite(ratio) ? `**${fixed(2)(ratio)}x**` : '-';
}

function bestOf(rows: readonly Row[], { score: { metric, better } }: Scenario): Row | undefined {
  const others = rows.filter((row) => LIBRARIES.includes(row.variant) && Number.isFinite(row.median(metric)));
  const sign = better === 'more' ? -1 : 1;
  return others.sort((a, b) => sign * (a.median(metric) - b.median(metric)))[0];
}
