/** With a real Prometheus: the alert rules, and every panel of the dashboard over real servers with real traffic. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrometheusServer, promtool, startPrometheus, startRedis } from '@headwater/services';
import { slowClient } from '@headwater/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registryOfHub } from './kit/metrics-of-hub.js';
import { useProcesses } from './kit/processes.js';
import { panelsOf, readDashboard } from './kit/read-dashboard.js';
import { makeTraffic } from './kit/traffic.js';

const start = useProcesses('server', 'demo');

const path = (file: string) => new URL(file, import.meta.url).pathname;
const RULES = path('../alerts/headwater.yaml');
const RULE_TESTS = path('alerts.promtool.yaml');
const GUIDE = path('../../../docs/guides/metrics.md');

/** Of each server. */
const ROOM = 20;
const TIMEOUT_MS = 90_000;

/** What stays at 0 while nothing is wrong with the servers themselves, and so does here. */
const QUIET = [
  'sse_store_refills_total',
  'sse_feed_lag_messages',
  'sse_store_reads',
  'sse_log_waiting',
  'sse_connections_ending',
  'sse_authorizing',
];

interface Vector {
  readonly result: readonly { readonly value: readonly [time: number, value: string] }[];
}

/** What the panels ask, of every job and instance. */
const queries = panelsOf(readDashboard()).flatMap(({ title, targets }) =>
  targets.map(({ expr, legendFormat }) => ({
    name: `${title}: ${legendFormat}`,
    expr: expr.replaceAll('$job', '.*').replaceAll('$instance', '.*').replaceAll('$__rate_interval', '4s'),
  })),
);

/** The largest value of each series so far; what is no number counts as nothing. */
async function peaks(prometheus: PrometheusServer, expr: string): Promise<readonly number[]> {
  const { result } = await prometheus.get<Vector>('query', { query: `max_over_time((${expr})[10m:500ms])` });
  return result.map(({ value }) => Number(value[1])).filter((value) => !Number.isNaN(value));
}

async function startScraping(jobs: Readonly<Record<string, readonly string[]>>) {
  const hosts = Object.entries(jobs).map(([job, urls]) => [job, urls.map((url) => new URL(url).host)] as const);
  const prometheus = await startPrometheus({ jobs: Object.fromEntries(hosts), intervalMs: 500, rules: [RULES] });
  onTestFinished(() => prometheus.stop());
  const isSeen = async (query: string) => {
    const count = async () => (await prometheus.get<Vector>('query', { query })).result.length;
    await expect.poll(count, { timeout: TIMEOUT_MS, message: query }).toBeGreaterThan(0);
  };
  return { prometheus, isSeen };
}

it('the metrics are named, typed and explained as Prometheus wants them', async () => {
  const text = await registryOfHub().metrics();
  expect(text).toContain('# HELP sse_ready');
  expect(promtool(['check', 'metrics'], text)).toEqual({ isGood: true, output: '' });
});

describe('the dashboard', () => {
  it('has data in every panel, under traffic that shows in it', { timeout: 4 * TIMEOUT_MS }, async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const servers = [await start('server', redis.url, String(ROOM)), await start('server', redis.url, String(ROOM))];
    const { prometheus, isSeen } = await startScraping({ web: servers });
    // Every counter is known to be 0 before anything happens.
    await isSeen('count(count_over_time(sse_connections[1m]) >= 2) == 2');
    await makeTraffic({ servers, redis, room: ROOM, isSeen });

    const withoutData = async (isData: (values: readonly number[], expr: string) => boolean) => {
      const asked = await Promise.all(
        queries.map(async ({ name, expr }) => ({ name, expr, values: await peaks(prometheus, expr) })),
      );
      return asked.filter(({ expr, values }) => !isData(values, expr)).map(({ name }) => name);
    };
    await expect
      .poll(() => withoutData((values) => values.length > 0), { timeout: TIMEOUT_MS, interval: 500 })
      .toEqual([]);
    const isQuiet = (expr: string) => QUIET.some((metric) => expr.includes(metric));
    const hasMoved = (values: readonly number[], expr: string) => isQuiet(expr) || values.some((value) => value > 0);
    await expect.poll(() => withoutData(hasMoved), { timeout: TIMEOUT_MS, interval: 500 }).toEqual([]);
  });

  it('shows the demo', { timeout: 4 * TIMEOUT_MS }, async () => {
    const log = join(tmpdir(), `headwater-metrics-${process.pid}.log`);
    const demo = await start('demo', '--memory', '--port', '0', '--fastify-port', '0', '--log', log);
    const { isSeen } = await startScraping({ demo: [demo] });
    const page = await slowClient(`${demo}/telemetry`);
    onTestFinished(() => page.destroy());
    for (const name of [
      'ready',
      'connections_live',
      'published_total',
      'delivered_total',
      'delivery_lag_seconds_count',
    ]) {
      await isSeen(`sse_${name}{job="demo"} > 0`);
    }
  });
});

interface Rules {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

describe('the alerts', () => {
  it('are rules, and each fires when it should, and only then', () => {
    expect(promtool(['check', 'rules', RULES])).toMatchObject({
      isGood: true,
      output: expect.stringContaining('SUCCESS'),
    });
    expect(promtool(['test', 'rules', RULE_TESTS])).toMatchObject({
      isGood: true,
      output: expect.stringContaining('SUCCESS'),
    });
  });

  it('have a severity, a summary and a place in the guide each, are evaluated, and are tested', async () => {
    const prometheus = await startPrometheus({ jobs: {}, intervalMs: 500, rules: [RULES] });
    onTestFinished(() => prometheus.stop());
    const rules = async () => (await prometheus.get<Rules>('rules')).groups.flatMap((group) => group.rules);
    await expect.poll(async () => (await rules()).map(({ health }) => health)).toEqual(Array(10).fill('ok'));
    const tests = readFileSync(RULE_TESTS, 'utf8');
    const headings = readFileSync(GUIDE, 'utf8').match(/(?<=^#+ )Headwater\w+$/gm);
    expect(headings).toEqual((await rules()).map(({ name }) => name));
    for (const { name, labels, annotations } of await rules()) {
      expect(labels.severity).toMatch(/^(critical|warning)$/);
      expect(annotations).toEqual({
        summary: expect.stringMatching(/\$labels/),
        description: expect.stringMatching(/\.$/),
        runbook_url: `docs/guides/metrics.md#${name.toLowerCase()}`,
      });
      expect(tests).toContain(`alertname="${name}"`);
    }
  });
});
