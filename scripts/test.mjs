// `npm test`: every check of the repository. It stops at the first stage in which one fails.
import { bin, run } from './run.mjs';
import { tally } from './tests.mjs';

const script = (name) => [process.execPath, `scripts/${name}.mjs`];

// A stage is a list of lanes that run side by side; a lane is a list of steps that run one after another.
const stages = [
  [
    [
      ['install', script('install')],
      ['clean', script('clean')],
      ['build', [bin('tsc'), '-b']],
    ],
  ],
  [
    [
      ['lint', [bin('biome'), 'check', '--error-on-warnings', '.']],
      ['types of the tests', [bin('tsc'), '-p', 'tsconfig.test.json']],
      ['unused code and dependencies', [bin('knip'), '--no-config-hints']],
      ['chromium', script('chromium')],
    ],
    [
      ['pack', script('pack')],
      ['publint and attw', script('check-tarballs')],
      ['consumer', script('check-consumer')],
    ],
  ],
  // Alone: some tests measure time.
  [[['tests', script('tests')]]],
];

const times = [];
const failed = [];

for (const lanes of stages) {
  await Promise.all(lanes.map((steps) => runLane(steps, lanes.length > 1)));
  if (failed.length > 0) break;
}

console.log('\nTimes');
for (const [name, seconds] of times) console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
if (failed.length > 0) console.error(`\nFAILED: ${failed.join(', ')}`);
if (times.at(-1)[0] === 'tests') console.log(`\n${tally()}`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function runLane(steps, capture) {
  for (const [name, command] of steps) {
    if (failed.length > 0) return;
    if (!capture) console.log(`\n== ${name}`);
    const start = performance.now();
    const { code, output } = await run(command, { capture });
    times.push([name, (performance.now() - start) / 1000]);
    // Steps that ran side by side print when they end, so that their lines do not mix.
    if (capture) console.log(`\n== ${name}\n${output.trimEnd()}`);
    if (code !== 0) failed.push(name);
  }
}
