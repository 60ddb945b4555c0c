/** The charts of the report: which scenario each shows, and what of it. */
import type { Row } from '../harness/rounds.js';
import { fixed } from '../harness/table.js';
import { appends } from '../scenarios/appends.js';
import { connectRate } from '../scenarios/connect-rate.js';
import { fanout1000 } from '../scenarios/fanout.js';
import { idleMemory } from '../scenarios/idle-memory.js';
import { publishCost } from '../scenarios/publish-cost.js';
import { resumeStorm } from '../scenarios/resume-storm.js';
import type { Parameters, Scenario } from '../scenarios/scenario.js';
import { single } from '../scenarios/single.js';
import { slowClient } from '../scenarios/slow-client.js';
import type { Sample as Look } from '../server/gauges.js';
import { type Bar, drawBars } from './bars.js';
import { drawLines, type Line } from './lines.js';
import type { Drawing } from './theme.js';

export interface ReportChart {
  /** `performance-<name>.svg`. */
  readonly name: string;
  /** Of the scenario that it shows. */
  readonly scenario: string;
  title(parameters: Parameters): string;
  draw(rows: readonly Row[], title: string): Drawing;
}

interface Show {
  readonly label: string;
  readonly metric: string;
  /** From the unit of the metric to that of the axis. */
  readonly scale?: number;
  readonly digits?: number;
  readonly isLog?: boolean;
  shown?(row: Row, figure: string): string;
}

const whole = fixed(0);

export const CHARTS: readonly ReportChart[] = [
  bars('fanout', fanout1000, ({ rate, clients }) => `${whole(rate)} events per second to ${whole(clients)} clients`, {
    label: 'deliveries per second of CPU time',
    metric: 'perCpuSecond',
  }),
  {
    name: 'latency',
    scenario: fanout1000.name,
    title: ({ rate, clients }) => `Latency at ${whole(rate)} events per second to ${whole(clients)} clients`,
    draw: drawLatency,
  },
  bars('single', single, ({ clients }) => `One event at a time to ${whole(clients)} clients`, {
    label: 'deliveries per second of CPU time',
    metric: 'perCpuSecond',
  }),
  bars('publish', publishCost, ({ clients }) => `How long publish() keeps its caller, ${whole(clients)} clients`, {
    label: 'microseconds, logarithmic',
    metric: 'returnMean',
    digits: 1,
    isLog: true,
  }),
  bars('memory', idleMemory, ({ clients }) => `Memory per idle connection, ${whole(clients)} of them`, {
    label: 'KB per connection',
    metric: 'rss',
    scale: 1e-3,
    digits: 1,
  }),
  bars('connect', connectRate, () => 'CPU time to open a stream', {
    label: 'microseconds per stream',
    metric: 'perStream',
  }),
  {
    name: 'slow-client',
    scenario: slowClient.name,
    title: () => 'Waiting in the server while one client does not read',
    draw: drawPending,
  },
  bars('resume-storm', resumeStorm, ({ clients }) => `Until the last of ${whole(clients)} clients has what it missed`, {
    label: 'milliseconds',
    metric: 'completeMs',
    shown: (row, ms) => `${ms} ms, ${fixed(0)(row.median('reads'))} reads`,
  }),
  bars('appends', appends, () => 'Events stored per second, 64 callers at once', {
    label: 'events per second, logarithmic',
    metric: 'perSecond',
    isLog: true,
  }),
];

function bars(name: string, { name: scenario }: Scenario, title: ReportChart['title'], show: Show): ReportChart {
  const draw = (rows: readonly Row[], titled: string): Drawing =>
    drawBars({
      title: titled,
      label: show.label,
      bars: rows.map((row) => toBar(row, show)),
      ...(show.isLog && { isLog: true }),
    });
  return { name, scenario, title, draw };
}

function toBar(row: Row, { metric, scale = 1, digits = 0, shown }: Show): Bar {
  const value = row.median(metric) * scale;
  const [low, high] = row.range(metric);
  const figure = fixed(digits)(value);
  return {
    name: row.variant,
    value,
    range: [low * scale, high * scale],
    shown: shown?.(row, figure) ?? figure,
    isOurs: isOurs(row),
  };
}

/** In the scenarios about stores everything is Headwater except the engines by themselves. */
function isOurs({ variant }: Row): boolean {
  return variant.startsWith('headwater') || (variant.includes(', ') && !variant.endsWith(', raw'));
}

const PERCENTILES = { p50: 'p50', p90: 'p90', p99: 'p99', 'p99.9': 'p999', max: 'max' } as const;

/** Microseconds: less is no longer the server's business, and a logarithm needs a bound. */
const LEAST_LATENCY = 10;

function drawLatency(rows: readonly Row[], title: string): Drawing {
  const lines = rows.map((row): Line => {
    const points = Object.entries(PERCENTILES).map(([x, metric]) => ({
      x,
      y: Math.max(LEAST_LATENCY, row.median(metric)) / 1e3,
    }));
    return { name: row.variant, isOurs: isOurs(row), points: points.filter(({ y }) => Number.isFinite(y)) };
  });
  return drawLines({
    title,
    x: { label: 'percentile of all deliveries', domain: Object.keys(PERCENTILES) },
    y: { label: 'latency in milliseconds, logarithmic', type: 'log' },
    lines,
    hasDots: true,
  });
}

function drawPending(rows: readonly Row[], title: string): Drawing {
  const lines = rows.map((row): Line => {
    const series = (row.samples[0]?.series ?? []) as readonly Look[];
    return {
      name: row.variant,
      isOurs: isOurs(row),
      points: series.map(({ at, pending }) => ({ x: at / 1e3, y: pending / 1e6 })),
    };
  });
  return drawLines({ title, x: { label: 'seconds' }, y: { label: 'MB pending in sockets' }, lines });
}
