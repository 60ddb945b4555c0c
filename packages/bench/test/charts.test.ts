import { DOMParser } from 'linkedom';
import { expect, test } from 'vitest';
import { Row } from '../src/harness/rounds.ts';
import { CHARTS } from '../src/report/charts.ts';
import { SCENARIOS } from '../src/scenarios/index.ts';
import type { Scenario } from '../src/scenarios/scenario.ts';
import { rowsOf, sample } from './kit/fixture.ts';

const NAMES = CHARTS.map(({ name }) => name);

function chartOf(name: string) {
  const chart = CHARTS.find((known) => known.name === name)!;
  const scenario = SCENARIOS.find((known) => known.name === chart.scenario) as Scenario;
  return { scenario, draw: (rows: readonly Row[]) => chart.draw(rows, chart.title(scenario.defaults)).svg, chart };
}

interface Text {
  readonly textContent: string;
  getAttribute(name: string): string | null;
}

function textsOf(svg: string): Text[] {
  const document = new DOMParser().parseFromString(svg, 'image/svg+xml');
  return [...document.querySelectorAll('text')] as unknown as Text[];
}

test.each(NAMES)('the chart %s names every variant, its title and its axes', (name) => {
  const { scenario, draw, chart } = chartOf(name);
  const texts = textsOf(draw(rowsOf(scenario))).map(({ textContent }) => textContent);
  for (const variant of scenario.variants(scenario.defaults)) expect(texts).toContain(variant);
  expect(texts).toContain(chart.title(scenario.defaults));
  expect(texts.some((text) => /second|ms|MB|KB|microseconds/.test(text))).toBe(true);
});

test.each(NAMES)('the chart %s has no figure that is none', (name) => {
  const { scenario, draw } = chartOf(name);
  const failed = new Row('failed', [{ values: {}, remarks: ['failed'], isSound: false }]);
  for (const rows of [rowsOf(scenario), [...rowsOf(scenario), failed], rowsOf(scenario).slice(0, 1)]) {
    expect(draw(rows)).not.toMatch(/NaN|undefined|Infinity|\[object/);
  }
});

test.each(NAMES)('the chart %s stands by itself, in the light and in the dark', (name) => {
  const { scenario, draw } = chartOf(name);
  const svg = draw(rowsOf(scenario));
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
  expect(svg).toContain('@media (prefers-color-scheme: dark)');
  // Every colour is the theme's: a fixed one would vanish on one of the two backgrounds.
  const colours = [...svg.matchAll(/ (?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour!);
  expect(colours.filter((colour) => !/^(var\(--\w+\)|currentColor|none)$/.test(colour))).toEqual([]);
});

test.each(NAMES)('the chart %s highlights what is Headwater and nothing else', (name) => {
  const { scenario, draw } = chartOf(name);
  const rows = rowsOf(scenario);
  const ours = rows.filter(({ variant }) => variant.startsWith('headwater') || / (?!raw)/.test(variant));
  const marks = [...draw(rows).matchAll(/<(?:rect|circle|g)[^>]* (?:fill|stroke)="var\(--(ours|others)\)"/g)];
  const count = (role: string) => marks.filter(([, found]) => found === role).length;
  expect(count('ours') * (rows.length - ours.length)).toBe(count('others') * ours.length);
  expect(count('ours')).toBeGreaterThan(0);
});

test.each(['latency', 'slow-client'])(
  'the names in the chart %s do not cover each other where lines end together',
  (name) => {
    const { scenario, draw } = chartOf(name);
    const variants = scenario.variants(scenario.defaults);
    const texts = textsOf(draw(variants.map((variant) => new Row(variant, [sample(1)]))));
    const heights = texts
      .filter(({ textContent }) => variants.includes(textContent))
      .map((text) => Number(text.getAttribute('transform')!.match(/,([\d.-]+)\)/)![1]))
      .sort((a, b) => a - b);
    expect(heights).toHaveLength(variants.length);
    for (let i = 1; i < heights.length; i++) expect(heights[i]! - heights[i - 1]!).toBeGreaterThan(14);
  },
);

test('the chart of pending bytes has a scale also where nothing waits', () => {
  const { scenario, draw } = chartOf('slow-client');
  const nothing = scenario.variants(scenario.defaults).map((variant) => new Row(variant, [sample(0)]));
  expect(draw(nothing)).not.toContain('NaN');
});
