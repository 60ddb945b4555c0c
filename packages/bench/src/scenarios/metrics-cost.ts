/** Metrics cost: the main figure with `@headwater/metrics` on, beside the same without. */
import type { ContenderName } from '../contenders/index.js';
import type { Row } from '../harness/rounds.js';
import { fixed, ratioOf } from '../harness/table.js';
import { fanout1000 } from './fanout.js';
import { type Ask, DEFAULTS, REFERENCE, type Scenario } from './scenario.js';

const COUNTED = 'headwater-metrics' satisfies ContenderName;
/** Of what is delivered without. */
const LEAST_SHARE = 0.97;

function asks(rows: readonly Row[]): Ask[] {
  return rows
    .filter(({ variant }) => variant === COUNTED)
    .map((row) => {
      const share = ratioOf(row, rows, metricsCost);
      return { asked: `at least ${LEAST_SHARE} with metrics on`, found: fixed(3)(share), isMet: share >= LEAST_SHARE };
    });
}

// Part of a report in full size only: in a short run the difference is smaller than the noise.
const { brief: _, ...fanout } = fanout1000;

export const metricsCost: Scenario = {
  ...fanout,
  name: 'metrics-cost',
  about: 'the main figure with metrics on',
  explained: `The load of \`fanout-1000\`, without and with \`@headwater/metrics\`, whose metrics are collected once a second.`,
  defaults: { ...DEFAULTS, seconds: 5, rounds: 9 },
  variants: () => [REFERENCE, COUNTED],
  score: { ...fanout.score, ratio: 'of headwater', isShare: true },
  asks,
};
