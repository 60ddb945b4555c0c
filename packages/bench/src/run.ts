/** The coordinator: runs scenarios one after the other, prints their tables and makes the report. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkOpenFiles, describeMachine } from './harness/machine.js';
import { runRounds } from './harness/rounds.js';
import { describeParameters, renderTables } from './harness/table.js';
import { type Options, parametersOf, readOptions, usage } from './options.js';
import { renderReport } from './report/report.js';
import { load, type Result, type Run, save } from './report/result.js';
import type { Scenario } from './scenarios/scenario.js';
import { enginesUsed } from './stores/place.js';

/** Answers with the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\nTry --help.`);
    return 2;
  }
  if (options.help) {
    console.log(usage());
    return 0;
  }
  const done = options.from ? await load(options.from) : await measureAll(options);
  if (options.report) await writeReport(options.report, done);
  return isSound(done) ? 0 : 1;
}

async function measureAll(options: Options): Promise<Run> {
  const begun = Date.now();
  const machine = describeMachine();
  console.log(
    `${Object.entries(machine)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n')}\n`,
  );
  const results: Result[] = [];
  const leftOut: { scenario: string; why: string }[] = [];
  const soFar = (): Run => ({
    machine,
    minutes: (Date.now() - begun) / 60_000,
    engines: enginesUsed(),
    results,
    leftOut,
  });
  for (const scenario of options.scenarios) {
    const parameters = parametersOf(scenario, options);
    const why = checkOpenFiles(parameters.clients);
    if (why) {
      console.log(`${scenario.name}: left out. ${why}\n`);
      leftOut.push({ scenario: scenario.name, why });
      continue;
    }
    const result = { scenario: scenario.name, parameters, rows: await runRounds(scenario, parameters) };
    results.push(result);
    print(scenario, result);
    if (options.json) await save(options.json, soFar());
  }
  return soFar();
}

function print(scenario: Scenario, { parameters, rows }: Result): void {
  console.log(`## ${scenario.name}: ${scenario.about}\n\n${describeParameters(scenario, parameters)}\n`);
  console.log(`${renderTables(scenario, rows)}\n`);
  for (const { asked, found, isMet } of scenario.asks?.(rows, parameters) ?? []) {
    console.log(`${isMet ? 'met' : 'NOT MET'}: ${asked}: ${found}`);
  }
  console.log();
}

async function writeReport(folder: string, done: Run): Promise<void> {
  for (const [name, text] of renderReport(done)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    console.log(`wrote ${path}`);
  }
}

/** Nothing was lost, repeated, broken or left out. */
function isSound({ results, leftOut }: Run): boolean {
  return leftOut.length === 0 && results.every(({ rows }) => rows.every((row) => row.isSound));
}
