/** The command line. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CONTENDER_NAMES, type ContenderName } from './contenders/index.js';
import { MIN_BYTES } from './harness/payload.js';
import { SCENARIOS } from './scenarios/index.js';
import type { Parameters, Scenario } from './scenarios/scenario.js';
import { STORE_NAMES, type StoreName } from './stores/spec.js';

export interface Options {
  readonly help: boolean;
  readonly json: string | undefined;
  /** A file that `json` wrote before: nothing is measured then. */
  readonly from: string | undefined;
  /** The folder for the report, if there is to be one. */
  readonly report: string | undefined;
  readonly scenarios: readonly Scenario[];
  /** The sizes with which the whole run takes minutes. */
  readonly isBrief: boolean;
  /** What was asked for; the scenario's own defaults stand for the rest. */
  readonly parameters: Partial<Parameters>;
}

/** Small enough to see in a few minutes that everything works; the numbers mean little. */
const QUICK: Partial<Parameters> = { clients: 100, seconds: 2, events: 50, rounds: 1 };

/** Where the repository keeps its documentation. */
const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));

const NUMBERS = ['clients', 'rate', 'seconds', 'events', 'bytes', 'rounds'] as const;

/** @throws Error for what is not known. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      json: { type: 'string' },
      from: { type: 'string' },
      report: { type: 'string' },
      profile: { type: 'string' },
      contenders: { type: 'string' },
      stores: { type: 'string' },
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
  if (values.stores !== undefined) parameters.stores = values.stores.split(',').map(toStore);
  if (values.profile !== undefined) parameters.profile = values.profile;
  const isWhole = positionals.length === 0 && !values.contenders && !values.stores && !values.quick;
  return {
    help: values.help,
    json: values.json,
    from: values.from,
    report: values.report ?? (isWhole ? DOCS : undefined),
    scenarios: toScenarios(positionals, values.long || values.quick),
    isBrief: positionals.length === 0 && !values.long,
    parameters,
  };
}

/** What a scenario is measured with. */
export function parametersOf(scenario: Scenario, { isBrief, parameters }: Options): Parameters {
  return { ...scenario.defaults, ...(isBrief && scenario.brief), ...parameters };
}

export function usage(): string {
  const scenarios = SCENARIOS.map(({ name, about }) => `  ${name.padEnd(14)}${about}`);
  return `Usage: npm run bench -- [scenario ...] [options]

Without a scenario a run of some minutes writes the report docs/performance.md and its charts.
Scenarios:
${scenarios.join('\n')}

Options (each scenario has defaults of its own):
  --contenders a,b  of: ${CONTENDER_NAMES.join(', ')}
  --stores a,b      of: ${STORE_NAMES.join(', ')}
  --clients N       connections
  --rate N          events per second
  --seconds N       how long events are published
  --events N        how many events, where a scenario counts them
  --bytes N         size of an event's data, at least ${MIN_BYTES}
  --rounds N        each contender is measured N times, in turn with the others; tables show medians
  --long            all scenarios in their full size, as when they are named: about an hour
  --quick           small numbers, to see that everything works
  --report DIR      where the report goes; docs/ if all is measured, nowhere with --quick, with scenarios, contenders or stores
  --json FILE       everything that was measured
  --from FILE       makes the report of such a file instead of measuring
  --profile DIR     CPU profiles of the server processes
`;
}

/** The named ones, in the order in which they run; without a name those of the report, or all. */
function toScenarios(names: readonly string[], all: boolean): readonly Scenario[] {
  for (const name of names) {
    if (!SCENARIOS.some((scenario) => scenario.name === name)) throw new Error(`Unknown scenario "${name}"`);
  }
  if (names.length > 0) return SCENARIOS.filter(({ name }) => names.includes(name));
  return all ? SCENARIOS : SCENARIOS.filter(({ brief }) => brief !== undefined);
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

function toStore(name: string): StoreName {
  const found = STORE_NAMES.find((known) => known === name);
  if (!found) throw new Error(`Unknown store "${name}". Known: ${STORE_NAMES.join(', ')}`);
  return found;
}
