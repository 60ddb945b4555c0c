// `npm run test:matrix`: the tests that need foreign servers and runtimes (proxies, other versions of Node, TypeScript). Arguments are file filters.
import { bin, run } from './run.mjs';

const script = (name) => [process.execPath, `scripts/${name}.mjs`];
const filters = process.argv.slice(2);
const vitest = [bin('vitest'), 'run', '--project', 'matrix', ...filters];

process.env.HEADWATER_MATRIX = '1';
for (const command of [script('install'), [bin('tsc'), '-b'], script('chromium'), vitest]) {
  const { code } = await run(command);
  if (code === 0) continue;
  process.exitCode = code;
  break;
}
