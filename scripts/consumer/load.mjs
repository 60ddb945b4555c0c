// Loads every entry point named on the command line with `import` and with `require`, and compares what they export.
import { deepStrictEqual } from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

for (const specifier of process.argv.slice(2)) {
  const imported = Object.keys(await import(specifier));
  const required = Object.keys(require(specifier));
  const names = (keys) => keys.filter((key) => key !== '__esModule' && key !== 'module.exports').sort();
  deepStrictEqual(names(required), names(imported), `${specifier}: require() and import disagree`);
  console.log(`${specifier}: ${imported.length} exports`);
}
