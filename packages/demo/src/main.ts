/** `node packages/demo/dist/main.js [options]`: starts the demo and ends with it. The same program, started by itself, is its server. */
import { fileURLToPath } from 'node:url';
import { ROLE_VARIABLE } from './messages.js';

if (process.env[ROLE_VARIABLE] === 'server') {
  const { serve } = await import('./server-process.js');
  await serve();
} else {
  const { run } = await import('./run.js');
  const terminal = { print: console.log, complain: console.error, signals: process };
  process.exitCode = await run(process.argv.slice(2), fileURLToPath(import.meta.url), terminal);
}
