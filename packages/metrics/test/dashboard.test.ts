/** The dashboard is what its panels make: `npx vitest run --project unit packages/metrics/test/dashboard.test.ts -u` makes it anew. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildDashboard } from './kit/dashboard.js';
import { metricsOfHub } from './kit/metrics-of-hub.js';
import { type Panel, panelsOf, readDashboard } from './kit/read-dashboard.js';

const FILE = new URL('../dashboards/headwater.json', import.meta.url).pathname;
const ALERTS = new URL('../alerts/headwater.yaml', import.meta.url);

/** Every metric, with the name that it has in queries. */
async function metricNames(): Promise<readonly string[]> {
  return (await metricsOfHub()).map(({ name, type }) => (type === 'histogram' ? `${name}_bucket` : name));
}

const namesIn = (text: string) => new Set(text.match(/\bsse_\w+/g));

describe('dashboards/headwater.json', () => {
  it('is what the panels make', async () => {
    await expect(`${JSON.stringify(buildDashboard(), null, 2)}\n`).toMatchFileSnapshot(FILE);
  });

  it('shows every metric, and none that is not there', async () => {
    const shown = namesIn(
      panelsOf(readDashboard())
        .flatMap(({ targets }) => targets.map(({ expr }) => expr))
        .join(),
    );
    expect([...shown].toSorted()).toEqual((await metricNames()).toSorted());
  });

  it('has a unit, a description and a legend for each panel, and asks the chosen data source', () => {
    const { templating } = readDashboard();
    expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['job', 'query'],
      ['instance', 'query'],
    ]);
    for (const { title, description, fieldConfig, options, datasource, targets } of panelsOf(readDashboard())) {
      expect({ title, description }).toEqual({ title, description: expect.stringMatching(/\.$/) });
      expect(fieldConfig.defaults.unit).toMatch(/^(none|cps|Bps|bytes|s)$/);
      expect(options.legend.showLegend).toBe(true);
      expect(datasource.uid).toBe('$datasource');
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const { expr, legendFormat } of targets) {
        expect(legendFormat).not.toBe('');
        expect(expr).toContain('{job=~"$job", instance=~"$instance"}');
        // Each label of the legend is one that the query keeps.
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect(expr).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
      }
    }
  });

  it('has no two panels of one id, or in one place', () => {
    const { panels } = readDashboard();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, one] of panels.entries()) {
      expect(one.gridPos.x + one.gridPos.w).toBeLessThanOrEqual(24);
      for (const other of panels.slice(index + 1))
        expect({ one, other, overlap: overlap(one, other) }).toMatchObject({ overlap: false });
    }
  });
});

it('alerts/headwater.yaml names only metrics that are there', async () => {
  const known = await metricNames();
  const named = [...namesIn(readFileSync(ALERTS, 'utf8'))];
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
