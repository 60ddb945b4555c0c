import { expect, test } from 'vitest';
import { parametersOf, readOptions, usage } from '../src/options.ts';
import { SCENARIOS } from '../src/scenarios/index.ts';

const namesOf = (args: readonly string[]) => readOptions(args).scenarios.map(({ name }) => name);

test('without a scenario the run is brief and writes the report into the documentation', () => {
  const options = readOptions([]);
  expect(options.report).toMatch(/[\\/]docs[\\/]$/);
  expect(options.isBrief).toBe(true);
  expect(namesOf([])).toEqual(SCENARIOS.filter(({ brief }) => brief).map(({ name }) => name));
  const slow = SCENARIOS.find(({ name }) => name === 'slow-client')!;
  expect(parametersOf(slow, options)).toEqual({ ...slow.defaults, ...slow.brief });
});

test('--long runs every scenario in its full size, for the report too', () => {
  const options = readOptions(['--long']);
  expect(options.scenarios).toEqual(SCENARIOS);
  expect(options.report).toBeDefined();
  for (const scenario of SCENARIOS) expect(parametersOf(scenario, options)).toEqual(scenario.defaults);
});

test('a part of the measurements does not replace the documentation', () => {
  for (const args of [['single'], ['--quick'], ['--contenders', 'plain'], ['--stores', 'lmdb']]) {
    expect(readOptions(args).report).toBeUndefined();
    expect(readOptions([...args, '--report', 'somewhere']).report).toBe('somewhere');
  }
});

test('a scenario that is named has its full size, and what is given goes over it', () => {
  const options = readOptions(['single', 'replay', '--rounds', '7', '--stores', 'redis,memory']);
  expect(options.scenarios.map(({ name }) => name)).toEqual(['single', 'replay']);
  for (const scenario of options.scenarios) {
    expect(parametersOf(scenario, options)).toEqual({ ...scenario.defaults, rounds: 7, stores: ['redis', 'memory'] });
  }
});

test('readOptions names what it does not know', () => {
  expect(() => readOptions(['nothing'])).toThrow('Unknown scenario "nothing"');
  expect(() => readOptions(['--stores', 'disk'])).toThrow(
    'Unknown store "disk". Known: memory, lmdb, redis, postgres, nats',
  );
  expect(() => readOptions(['--contenders', 'x'])).toThrow('Unknown contender "x"');
  expect(() => readOptions(['--clients', '0'])).toThrow('--clients must be an integer of at least 1');
});

test('usage names every scenario', () => {
  for (const { name, about } of SCENARIOS) expect(usage()).toContain(`  ${name.padEnd(14)}${about}\n`);
});
