/** The command line. */
import { parseArgs } from 'node:util';
import { CONTENDER_NAMES, type ContenderName } from './contenders/index.js';
import { MIN_BYTES } from './harness/payload.js';
import { SCENARIOS } from './scenarios/index.js';
import type { Parameters } from './scenarios/scenario.js';

export interface Options {
  readonly help: boolean;
  readonly json: string | undefined;
  readonly scenarios: readonly string[];
  /** What was asked for; the scenario's own defaults stand for the rest. */
  readonly parameters: Partial<Parameters>;
}

/** Small enough to see in a minute that everything works; the numbers mean little. */
const QUICK: Partial<Parameters> = { clients: 100, seconds: 2, events: 50, rounds: 1 };

const NUMBERS = ['clients', 'rate', 'seconds', 'events', 'bytes', 'rounds'] as const;

/** @throws Error for what is not known. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      profile: { type: 'string' },
      contenders: { type: 'string' },
      clients: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      events: { type: 'string' },
      bytes: { type: 'string' },
      rounds: { type: 'string' },
    },
  });
  const parameters: Partial<Parameters> = values.quick ? { ...QUICK } : {};
  for (const name of NUMBERS) {
    const text = values[name];
    if (text !== undefined) parameters[name] = toNumber(name, text);
  }
  if (values.contenders !== undefined) parameters.contenders = values.contenders.split(',').map(toContender);
  if (values.profile !== undefined) parameters.profile = values.profile;
  for (const name of positionals) {
    if (!SCENARIOS.some((scenario) => scenario.name === name)) throw new Error(`Unknown scenario "${name}"`);
  }
  return { help: values.help, json: values.json, scenarios: positionals, parameters };
}

export function usage(): string {
  const scenarios = SCENARIOS.map(({ name, about }) => `  ${name.padEnd(14)}${about}`);
  return `Usage: npm run bench -- [scenario ...] [options]

Scenarios (all of them if none is named):
${scenarios.join('\n')}

Options (each scenario has defaults of its own):
  --contenders a,b  of: ${CONTENDER_NAMES.join(', ')}
  --clients N       connections
  --rate N          events per second
  --seconds N       how long events are published
  --events N        how many events, where a scenario counts them
  --bytes N         size of an event's data, at least ${MIN_BYTES}
  --rounds N        each contender is measured N times, in turn with the others; tables show medians
  --quick           small numbers, to see that everything works
  --profile DIR     CPU profiles of the server processes
  --json FILE       everything that was measured
`;
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  const least = name === 'bytes' ? MIN_BYTES : 1;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`--${name} must be an integer of at least ${least}, not "${text}"`);
  }
  return value;
}

function toContender(name: string): ContenderName {
  const found = CONTENDER_NAMES.find((known) => known === name);
  if (!found) throw new Error(`Unknown contender "${name}". Known: ${CONTENDER_NAMES.join(', ')}`);
  return found;
}
