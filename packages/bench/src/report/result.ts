/** Result: what a run has measured, as it is kept in a file. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Machine } from '../harness/machine.js';
import { Row } from '../harness/rounds.js';
import type { Parameters, Sample } from '../scenarios/scenario.js';

export interface Result {
  readonly scenario: string;
  readonly parameters: Parameters;
  readonly rows: readonly Row[];
}

export interface Run {
  readonly machine: Machine;
  /** All of it, in minutes. */
  readonly minutes: number;
  /** Databases that servers of their own ran, with their versions. */
  readonly engines: readonly string[];
  readonly results: readonly Result[];
  /** Scenarios that did not fit this machine, and why. */
  readonly leftOut: readonly { readonly scenario: string; readonly why: string }[];
}

export function save(path: string, run: Run): Promise<void> {
  return writeFile(path, `${JSON.stringify(run, undefined, 2)}\n`);
}

export async function load(path: string): Promise<Run> {
  const run = JSON.parse(await readFile(path, 'utf8')) as Run;
  return { ...run, results: run.results.map(revive) };
}

/** The rows get their methods back. */
function revive({ rows, ...rest }: Result): Result {
  const plain: readonly { variant: string; samples: readonly Sample[] }[] = rows;
  return { ...rest, rows: plain.map(({ variant, samples }) => new Row(variant, samples)) };
}
