import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

import { expect, test } from 'vitest';
import { loadEdited, SMALL } from './sim/copy.js';
import { describeFailure, run } from './sim/run.js';
import { MUTANTS } from './sim/mutants.js';
import { loadSubject } from './sim/subject.js';

const GUIDES = MUTANTS.map((m) => m.guide);
const guideOf = (seed: number) => (process.env['GUIDED'] ? { guide: GUIDES[seed % GUIDES.length] } : {});
const COUNT = Number(process.env['HEADWATER_SEEDS'] ?? 300);
const ONE = process.env['HEADWATER_SEED'];

test(`the promises hold`, async () => {
  const subject = process.env['SMALL'] ? await loadEdited([...SMALL, ...(process.env['EDITS'] ? JSON.parse(require('node:fs').readFileSync(process.env['EDITS'], 'utf8')) : [])]) : await loadSubject();
  const cpu = process.cpuUsage();
  const hits: Record<string, number> = {};
  (globalThis as any).HIT = (x: string) => { hits[x] = (hits[x] ?? 0) + 1; };
  const seeds = ONE
    ? [Number(ONE)]
    : Array.from({ length: COUNT }, (_, i) => i + Number(process.env['HEADWATER_FROM'] ?? 0));
  const started = performance.now();
  let fails = 0;
  for (const seed of seeds) {
    if (process.env['HEADWATER_LOUD']) require('node:fs').writeFileSync('/tmp/lastseed', String(seed));
    const error = process.env['HEADWATER_LOUD'] && ONE ? new Error('x') : await run(subject, seed, guideOf(seed));
    if (!error) continue;
    fails++;
    if (!ONE) {
      console.log(seed, error.message);
      if (fails > 30) break;
      continue;
    }
    const trace: string[] = [];
    if (process.env['HEADWATER_LOUD'])
      trace.push = (x) => (require('node:fs').appendFileSync('/tmp/lasttrace', x + '\n'), 0);
    const again = await run(subject, seed, { trace, ...guideOf(seed) });
    console.log(describeFailure(seed, again ?? error, trace));
  }
  if (process.env['EDITS']) console.log('HITS', JSON.stringify(hits));
  console.log(
    `${seeds.length} seeds, ${fails} failures, ${Math.round(performance.now() - started)} ms, cpu ${Math.round(process.cpuUsage(cpu).user / 1000)} ms`,
  );
  expect(fails).toBe(0);
});
