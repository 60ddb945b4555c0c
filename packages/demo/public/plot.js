/**
 * The plots: two minutes up to now, by uPlot. By time, not by number: what is not here yet leaves its place empty, and what came
 * late is marked where it belongs.
 */

import { serverNow } from './clock.js';
import uPlot from './lib/uplot.js';
import { state } from './state.js';

const WIDTH_S = 120;
/** Where two neighbours are further apart, the line is broken: nothing was published in between. */
const BREAK_MS = 2_000;
const FONT = '11px "Inter Variable", system-ui, sans-serif';
const REDRAW_MS = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 200;
/** How much of the right edge may be empty before it counts as late, in seconds. */
const GRACE_S = 0.7;

const PLOTS = [
  {
    id: 'plot-busy',
    color: '--accent',
    value: ({ busy }) => busy * 100,
    format: (y) => `${y} %`,
    range: () => [0, 100],
  },
  {
    id: 'plot-delay',
    color: '--second',
    value: ({ delay }) => delay,
    format: (y) => (y < 1_000 ? `${y} ms` : `${y / 1_000} s`),
    range: (_u, _min, max) => [0, top(max)],
  },
];

let plots = [];

/** Draws from now on. */
export function startPlots() {
  make();
  // A canvas knows nothing of style sheets.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', make);
  document.fonts.ready.then(make);
  for (const { id } of PLOTS) new ResizeObserver(fit).observe(document.getElementById(id));
  setInterval(() => document.hidden || plotAll(), REDRAW_MS);
}

export function plotAll() {
  const to = serverNow() / 1_000;
  for (const [index, plot] of plots.entries()) {
    plot.setData(dataOf(PLOTS[index].value), false);
    plot.setScale('x', { min: to - WIDTH_S, max: to });
  }
}

function make() {
  for (const plot of plots) plot.destroy();
  plots = PLOTS.map((kind) => {
    const root = document.getElementById(kind.id);
    return new uPlot(optionsOf(kind, root), dataOf(kind.value), root);
  });
  plotAll();
}

function fit() {
  for (const plot of plots) plot.setSize(sizeOf(plot.root.parentElement));
}

function sizeOf({ clientWidth, clientHeight }) {
  return { width: clientWidth, height: clientHeight };
}

function optionsOf({ color, format, range }, root) {
  const line = css(color);
  const axis = { stroke: css('--quiet'), font: FONT, ticks: { show: false }, gap: 6 };
  return {
    ...sizeOf(root),
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range } },
    axes: [
      { ...axis, size: 24, space: 90, incrs: [15, 30, 60], grid: { show: false }, values: (_u, all) => all.map(clock) },
      {
        ...axis,
        size: 46,
        space: 34,
        grid: { stroke: css('--grid'), width: 1 },
        values: (_u, all) => all.map(format),
      },
    ],
    series: [
      {},
      {
        width: 1.5,
        points: { show: false },
        stroke: (plot) => byPunctuality(plot, line, css('--late')),
        fill: (plot) => byPunctuality(plot, `${line}1f`, `${css('--late')}1f`),
      },
    ],
    hooks: { drawClear: [drawLate, drawDue] },
  };
}

function dataOf(value) {
  const times = [];
  const values = [];
  for (const [index, sample] of state.history.entries()) {
    const before = state.history[index - 1];
    if (before && sample.time - before.time > BREAK_MS) {
      times.push((before.time + 1) / 1_000);
      values.push(null);
    }
    times.push(sample.time / 1_000);
    values.push(value(sample));
  }
  return [times, values];
}

/** From and to, in milliseconds, of each stretch of samples that came late. */
function lateStretches() {
  const stretches = [];
  let current;
  for (const { time, isLate } of state.history) {
    if (!isLate) current = undefined;
    else if (current) current.to = time;
    else {
      current = { from: time, to: time };
      stretches.push(current);
    }
  }
  return stretches;
}

/** Pixels of the canvas, within the plot. */
function toX({ bbox, valToPos }, time) {
  return Math.min(bbox.left + bbox.width, Math.max(bbox.left, valToPos(time / 1_000, 'x', true)));
}

/** One colour, and another one where samples came late: a gradient without transitions. */
function byPunctuality(plot, onTime, late) {
  const { ctx, bbox } = plot;
  const stretches = lateStretches();
  if (stretches.length === 0 || !(bbox.width > 0)) return onTime;
  const gradient = ctx.createLinearGradient(bbox.left, 0, bbox.left + bbox.width, 0);
  const share = (time) => (toX(plot, time) - bbox.left) / bbox.width;
  gradient.addColorStop(0, onTime);
  for (const { from, to } of stretches) {
    gradient.addColorStop(share(from), onTime);
    gradient.addColorStop(share(from), late);
    gradient.addColorStop(share(to), late);
    gradient.addColorStop(share(to), onTime);
  }
  gradient.addColorStop(1, onTime);
  return gradient;
}

/** A ground under each of them, for flat curves. */
function drawLate(plot) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = css('--late-soft');
  for (const { from, to } of lateStretches()) {
    const left = toX(plot, from);
    ctx.fillRect(left, bbox.top, toX(plot, to) - left, bbox.height);
  }
  ctx.restore();
}

/** Hatching from the newest sample to now, where that has been too long. */
function drawDue(plot) {
  const last = state.history.at(-1);
  if (!last || serverNow() - last.time < GRACE_S * 1_000) return;
  const { ctx, bbox } = plot;
  const left = toX(plot, last.time);
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.strokeStyle = css('--control');
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  // From the right edge, so that the pattern stands still while the region grows.
  const step = 7 * devicePixelRatio;
  for (let x = right; x > left - bbox.height; x -= step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

/** The top of an axis: of a few round values, so that it stays where it is. */
function top(max) {
  return [5, 10, 20, 50, 100, 200, 500, 1_000, 5_000].find((round) => round >= max) ?? max;
}

function clock(seconds) {
  return new Date(seconds * 1_000).toLocaleTimeString('en-GB');
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
