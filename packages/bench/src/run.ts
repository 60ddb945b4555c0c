/** The coordinator: runs scenarios one after the other and prints their tables. */
import { writeFile } from 'node:fs/promises';
import { checkOpenFiles, describeMachine } from './harness/machine.js';
import { runRounds } from './harness/rounds.js';
import { renderTables } from './harness/table.js';
import { type Options, readOptions, usage } from './options.js';
import { SCENARIOS } from './scenarios/index.js';
import type { Parameters, Scenario } from './scenarios/scenario.js';

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
  const machine = describeMachine();
  console.log(
    `${Object.entries(machine)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n')}\n`,
  );
  const chosen = SCENARIOS.filter(({ name }) => options.scenarios.length === 0 || options.scenarios.includes(name));
  const results: unknown[] = [];
  let exitCode = 0;
  for (const scenario of chosen) {
    const parameters = { ...scenario.defaults, ...options.parameters };
    const problem = checkOpenFiles(parameters.clients);
    if (problem) {
      console.log(`${scenario.name}: left out. ${problem}\n`);
      exitCode = 1;
      continue;
    }
    const rows = await runRounds(scenario, parameters);
    console.log(`## ${scenario.name}: ${scenario.about}\n\n${describe(scenario, parameters)}\n`);
    console.log(`${renderTables(scenario, rows)}\n`);
    results.push({ scenario: scenario.name, parameters, rows });
    if (options.json) await writeFile(options.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
    if (rows.some(({ isSound }) => !isSound)) exitCode = 1;
  }
  return exitCode;
}

function describe(scenario: Scenario, parameters: Parameters): string {
  const shown = scenario.parameters.map((name) => `${name} ${parameters[name]?.toLocaleString('en')}`);
  return `${shown.join(', ')}, rounds ${parameters.rounds}`;
}
