/** A run that never took place: figures that follow from the names, so that a test can say what must come out. */
import { Row } from '../../src/harness/rounds.ts';
import type { Run } from '../../src/report/result.ts';
import { SCENARIOS } from '../../src/scenarios/index.ts';
import type { Parameters, Sample, Scenario } from '../../src/scenarios/scenario.ts';

const METRICS =
  'cpuMs wallMs peakRss loopP99 loopMax holdP99 holdMax published due returnMean returnP50 returnP99 resolveMean resolveP99 delivered perCpuSecond wireBytes p50 p90 p99 p999 max lastLateMs completeMs besideMs serverCpu clientCpu besideCpu clientBusy others rss heap external all peakPending rssGrowth ownGrowth readWhilePaused hadAfterwards skipped wasClosed perSecond perStream perEvent besidePerEvent perCall reads readsPerClient perWrite passOf1000'.split(
    ' ',
  );

/** `scale` times 1, 2, 3, ... for the metrics, in an order that does not matter; latencies ascend. */
export function sample(scale: number, change: Partial<Sample> = {}): Sample {
  const values = Object.fromEntries(METRICS.map((metric, i) => [metric, (i + 1) * scale]));
  const series = [0, 1, 2].map((i) => ({ at: i * 100, rss: 1e6, own: 1e6, pending: i * scale * 1e6 }));
  return { values, remarks: [], isSound: true, series, ...change };
}

/** Each variant of a scenario, the n-th with `n` times the figures of the first, in two rounds that differ by 10 %. */
export function rowsOf(scenario: Scenario, parameters: Parameters = scenario.defaults): Row[] {
  return scenario.variants(parameters).map((variant, i) => new Row(variant, [sample(i + 1), sample((i + 1) * 1.1)]));
}

/** A run of all scenarios, with `change` over it. */
export function run(change: Partial<Run> = {}): Run {
  return {
    machine: {
      machine: '2 x Processor, 24 GiB, Linux 6',
      load: '0.01 before the first round',
      node: 'v20.20.2',
      libraries: 'better-sse 0.16.1',
      date: '2026-01-02T03:04:05.678Z',
    },
    minutes: 11.6,
    engines: ['redis-server 7.0.15'],
    results: SCENARIOS.map((scenario) => ({
      scenario: scenario.name,
      parameters: scenario.defaults,
      rows: rowsOf(scenario),
    })),
    leftOut: [],
    ...change,
  };
}
