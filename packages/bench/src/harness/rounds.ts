/** Rounds: every variant is measured in every round, so that what else the machine does meets them all alike. */
import type { Parameters, Sample, Scenario } from '../scenarios/scenario.js';

/** All samples of one variant. */
export class Row {
  readonly variant: string;
  readonly samples: Sample[] = [];

  constructor(variant: string, samples: readonly Sample[] = []) {
    this.variant = variant;
    this.samples.push(...samples);
  }

  /** NaN where no round has the metric. */
  median(metric: string): number {
    const values = this.#values(metric);
    const middle = values.length >> 1;
    if (values.length === 0) return Number.NaN;
    if (values.length % 2 === 1) return values[middle] as number;
    return ((values[middle - 1] as number) + (values[middle] as number)) / 2;
  }

  /** The smallest and the largest value. */
  range(metric: string): readonly [number, number] {
    const values = this.#values(metric);
    return [values[0] ?? Number.NaN, values.at(-1) ?? Number.NaN];
  }

  /** Half the distance between the smallest and the largest value, in percent of the median. */
  spread(metric: string): number {
    const values = this.#values(metric);
    return (((values.at(-1) ?? 0) - (values[0] ?? 0)) / 2 / this.median(metric)) * 100;
  }

  /** What was wrong in any round, each once. */
  get remarks(): string[] {
    return [...new Set(this.samples.flatMap(({ remarks }) => remarks))];
  }

  /** False if an event was lost, repeated or broken, or a round failed. */
  get isSound(): boolean {
    return this.samples.every(({ isSound }) => isSound);
  }

  toJSON(): object {
    return { variant: this.variant, samples: this.samples };
  }

  #values(metric: string): number[] {
    return this.samples
      .map(({ values }) => values[metric] ?? Number.NaN)
      .filter((value) => Number.isFinite(value))
      .sort((a, b) => a - b);
  }
}

export async function runRounds(scenario: Scenario, parameters: Parameters): Promise<Row[]> {
  const rows = scenario.variants(parameters).map((variant) => new Row(variant));
  for (let round = 1; round <= parameters.rounds; round++) {
    for (const row of rows) {
      process.stderr.write(`${scenario.name}, round ${round} of ${parameters.rounds}: ${row.variant}\n`);
      row.samples.push(await measure(scenario, row.variant, parameters));
    }
  }
  return rows;
}

async function measure(scenario: Scenario, variant: string, parameters: Parameters): Promise<Sample> {
  try {
    return await scenario.measure(variant, parameters);
  } catch (error) {
    process.stderr.write(`${(error as Error).stack}\n`);
    return { values: {}, remarks: [`failed: ${(error as Error).message.split('\n')[0]}`], isSound: false };
  }
}
