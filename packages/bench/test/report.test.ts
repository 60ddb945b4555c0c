import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Row } from '../src/harness/rounds.ts';
import { renderReport } from '../src/report/report.ts';
import { load, save } from '../src/report/result.ts';
import { SCENARIOS } from '../src/scenarios/index.ts';
import { rowsOf, run, sample } from './kit/fixture.ts';

const PAGE = 'performance.md';

function scenario(name: string) {
  return SCENARIOS.find((known) => known.name === name)!;
}

/** The page of a run of one scenario. */
function pageOf(name: string, rows: readonly Row[]): string {
  const { defaults: parameters } = scenario(name);
  return renderReport(run({ results: [{ scenario: name, parameters, rows }] })).get(PAGE)!;
}

test('renderReport has a section for every scenario with every variant, and no figure that is none', () => {
  const page = renderReport(run()).get(PAGE)!;
  for (const { name, about, variants, defaults } of SCENARIOS) {
    const section = page.split(`## ${name}: ${about}\n`)[1]?.split('\n## ')[0];
    expect(section).toBeDefined();
    for (const variant of variants(defaults)) expect(section).toContain(`| ${variant} `);
  }
  expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
});

test('renderReport links every chart that it draws, and draws every chart that it links', () => {
  const files = renderReport(run());
  const linked = [...files.get(PAGE)!.matchAll(/\]\((images\/[^)]+)\)/g)].map(([, file]) => file);
  expect(linked.length).toBeGreaterThanOrEqual(7);
  expect(linked.toSorted()).toEqual([...files.keys()].filter((name) => name !== PAGE).toSorted());
});

test('renderReport tells the machine, the versions and how long it took', () => {
  const page = renderReport(run()).get(PAGE)!;
  for (const told of [
    '2 x Processor, 24 GiB, Linux 6',
    'v20.20.2',
    'better-sse 0.16.1, redis-server 7.0.15',
    '2026-01-02',
    '12 minutes',
  ]) {
    expect(page).toContain(`| ${told} |`);
  }
});

test('renderReport puts Headwater beside plain and beside the best other library, above 1 where it is better', () => {
  const figures = (perCpuSecond: number) => [sample(1, { values: { perCpuSecond } })];
  const rows = [
    new Row('headwater-http', figures(1_000)),
    new Row('plain', figures(400)),
    new Row('better-sse', figures(100)),
    new Row('sse-channel', figures(250)),
    new Row('raw-socket', figures(2_000)),
  ];
  expect(pageOf('single', rows)).toContain('| **2.50x** | **4.00x** | 1,000 | 400 | 250 (sse-channel) |');
  const costs = (returnMean: number) => [sample(1, { values: { returnMean } })];
  const less = [new Row('headwater-http', costs(2)), new Row('plain', costs(1)), new Row('better-sse', costs(9))];
  expect(pageOf('publish-cost', less)).toContain('| **0.50x** | **4.50x** | 2.0 | 1.0 | 9.0 (better-sse) |');
});

test('renderReport notes by itself what limited a row, what failed and who fell behind', () => {
  const rows = [
    new Row('headwater-http', [
      sample(1, { values: { published: 100, due: 100, lastLateMs: 1 }, remarks: ['client-bound'] }),
    ]),
    new Row('plain', [sample(1, { values: { published: 50, due: 100, lastLateMs: 9_000 } })]),
    new Row('better-sse', [{ values: {}, remarks: ['failed: took longer than 180 s'], isSound: false }]),
  ];
  const page = pageOf('fanout-1000', rows);
  expect(page).toMatch(/^- \*\*client-bound\*\* \(.+\): `headwater-http`$/m);
  expect(page).toMatch(/^- \*\*did not keep up\*\*: `plain`$/m);
  expect(page).toMatch(/^- \*\*failed: took longer than 180 s\*\*: `better-sse`$/m);
  expect(page).not.toContain('NaN');
});

test('renderReport says of what was asked whether it was found', () => {
  const perSecond = (value: number) => [sample(1, { values: { perSecond: value } })];
  const rows = [
    new Row('redis, raw', perSecond(1_000)),
    new Row('redis, store.append', perSecond(800)),
    new Row('redis, hub.publish', perSecond(400)),
  ];
  const page = pageOf('appends', rows);
  expect(page).toContain('| redis, store.append: at least 0.5 of the engine by itself | 0.80 | yes |');
  expect(page).toContain('| redis, hub.publish: at least 0.5 of the engine by itself | 0.40 | **no** |');
});

test('renderReport names a scenario that did not fit, and why', () => {
  const page = renderReport(run({ leftOut: [{ scenario: 'fanout-9000', why: 'the limit is 1024' }] })).get(PAGE)!;
  expect(page).toContain('- fanout-9000: the limit is 1024');
});

test('renderReport leaves out the chart of a scenario in which every round failed', () => {
  const failed = rowsOf(scenario('single')).map(
    ({ variant }) => new Row(variant, [{ values: {}, remarks: ['failed'], isSound: false }]),
  );
  expect(pageOf('single', failed)).not.toContain('images/');
});

test('a run that was saved gives the same report when it is loaded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-bench-test-'));
  try {
    const path = join(folder, 'run.json');
    await save(path, run());
    expect([...renderReport(await load(path))]).toEqual([...renderReport(run())]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
