/** Lines: one per row of a table, with its name beside its end. Headwater stands out, and lies above. */
import * as Plot from '@observablehq/plot';
import { type Axis, type Drawing, decades, draw, FONT_SIZE, muted, OTHERS, OURS, short, TEXT } from './theme.js';

interface Point {
  readonly x: number | string;
  readonly y: number;
}

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  readonly isOurs: boolean;
}

export interface LineChart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  readonly hasDots?: boolean;
}

interface Label {
  readonly name: string;
  readonly isOurs: boolean;
  readonly y: number;
}

const HEIGHT = 400;
const MARGINS = { left: 64, right: 150 };
/** Between the names of two lines that end at the same place. */
const LABEL_PX = 15;

export function drawLines(chart: LineChart): Drawing {
  const known = chart.lines.filter(({ points }) => points.length > 0);
  // What is drawn last lies above.
  const lines = known.toSorted((a, b) => Number(a.isOurs) - Number(b.isOurs));
  return drawWith(chart, lines, labelsOf(lines, drawWith(chart, lines, [])));
}

function drawWith({ title, x, y, hasDots }: LineChart, lines: readonly Line[], labels: readonly Label[]): Drawing {
  const bounds = boundsOf(lines, y);
  const ticks = y.type === 'log' ? bounds : 5;
  const marks = [
    Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 0.2, ticks }),
    ...lines.flatMap((line) => drawLine(line, hasDots)),
    Plot.text(labels, {
      y: 'y',
      frameAnchor: 'right',
      text: 'name',
      dx: 10,
      textAnchor: 'start',
      fontSize: FONT_SIZE,
      fill: ({ isOurs }: Label) => (isOurs ? OURS : TEXT),
    }),
    Plot.axisY({ ticks, tickFormat: short, label: y.label, labelAnchor: 'center', labelArrow: 'none', ...muted }),
    Plot.axisX({ label: x.label, labelAnchor: 'center', labelArrow: 'none', ...muted }),
  ];
  const domain = [bounds[0] as number, bounds.at(-1) as number];
  return draw({ title, height: HEIGHT, margins: MARGINS, x, y: { ...y, domain }, marks });
}

function drawLine({ points, isOurs }: Line, hasDots = false): Plot.Markish[] {
  const stroke = isOurs ? OURS : OTHERS;
  const line = Plot.line(points, { x: 'x', y: 'y', stroke, strokeWidth: isOurs ? 2.5 : 1.5 });
  return hasDots ? [line, Plot.dot(points, { x: 'x', y: 'y', fill: stroke, r: 3 })] : [line];
}

/** Where the scale begins and ends: at zero on a linear one, at whole powers of ten on a logarithmic one. */
function boundsOf(lines: readonly Line[], { type }: Axis): number[] {
  const values = lines.flatMap(({ points }) => points.map(({ y }) => y));
  const most = Math.max(...values);
  return type === 'log' ? decades(Math.min(...values), most) : [0, most > 0 ? most : 1];
}

/** Names at the height of the ends of their lines, moved apart where they would cover each other. */
function labelsOf(lines: readonly Line[], drawing: Drawing): Label[] {
  const scale = drawing.scale('y');
  const ends = lines.map(({ name, isOurs, points }) => ({ name, isOurs, at: scale.apply((points.at(-1) as Point).y) }));
  let free = Number.POSITIVE_INFINITY;
  return ends
    .sort((a, b) => b.at - a.at)
    .map(({ at, ...end }) => {
      const pixel = Math.min(at, free);
      free = pixel - LABEL_PX;
      return { ...end, y: scale.invert(pixel) };
    });
}
