// Checks every packed package with publint (strict) and attw (as an ESM-only package).
import { packed } from './pack.mjs';
import { bin, run } from './run.mjs';

for (const { manifest, tarball } of packed) {
  for (const command of [
    [bin('publint'), 'run', tarball, '--strict'],
    [bin('attw'), tarball, '--profile', 'esm-only', '--no-emoji'],
  ]) {
    const { code, output } = await run(command, { capture: true });
    const tool = command[0].split('/').at(-1);
    if (code !== 0) process.stderr.write(output);
    console.log(`${manifest.name}: ${tool} ${code === 0 ? 'ok' : 'FAILED'}`);
    if (code !== 0) process.exitCode = 1;
  }
}
