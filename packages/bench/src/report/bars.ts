/** Bars: one figure per row of a table, in its order. Headwater stands out. */
import * as Plot from '@observablehq/plot';
import { BOTTOM, type Drawing, decades, draw, FONT_SIZE, muted, OTHERS, OURS, short, TEXT, TOP } from './theme.js';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The smallest and the largest of all rounds. */
  readonly range: readonly [number, number];
  readonly shown: string;
  readonly isOurs: boolean;
}

export interface BarChart {
  readonly title: string;
  readonly label: string;
  readonly bars: readonly Bar[];
  /** Dots on a logarithmic scale: for figures that differ by more than a bar can show. */
  readonly isLog?: boolean;
}

const ROW = 26;
const MARGINS = { left: 165, right: 150 };

export function drawBars({ title, label, bars, isLog = false }: BarChart): Drawing {
  const known = bars.filter(({ value }) => Number.isFinite(value) && (!isLog || value > 0));
  const fill = ({ isOurs }: Bar): string => (isOurs ? OURS : OTHERS);
  const values = known.flatMap(({ range, value }) => [...range, value]);
  const powers = isLog ? decades(Math.min(...values), Math.max(...values)) : [];
  const y = 'name';
  const marks = [
    Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 0.2, ticks: isLog ? powers : 5 }),
    isLog
      ? [
          Plot.ruleY(known, { y, x1: powers[0] as number, x2: 'value', stroke: fill, strokeWidth: 2 }),
          Plot.dot(known, { y, x: 'value', r: 5, fill }),
        ]
      : Plot.barX(known, { y, x: 'value', fill, insetTop: 4, insetBottom: 4 }),
    Plot.ruleY(
      known.filter(({ range: [low, high] }) => high > low),
      { y, x1: ({ range }: Bar) => range[0], x2: ({ range }: Bar) => range[1], stroke: TEXT, strokeOpacity: 0.6 },
    ),
    Plot.text(known, {
      y,
      x: ({ range }: Bar) => range[1],
      text: 'shown',
      dx: isLog ? 9 : 6,
      textAnchor: 'start',
      fill: TEXT,
      fontSize: FONT_SIZE,
    }),
    Plot.axisY({ tickSize: 0, label: null, ...muted }),
    Plot.axisX({
      ticks: isLog ? powers : 5,
      tickFormat: short,
      label,
      labelAnchor: 'center',
      labelArrow: 'none',
      ...muted,
    }),
  ];
  return draw({
    title,
    height: TOP + known.length * ROW + BOTTOM,
    margins: MARGINS,
    x: isLog ? { label, type: 'log', domain: [powers[0] as number, powers.at(-1) as number] } : { label },
    y: { label: '', domain: known.map(({ name }) => name) },
    marks,
  });
}
