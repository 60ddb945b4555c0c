/** `node packages/demo/dist/main.js [options]`: starts the demo and ends with it. */
import { run } from './run.js';

process.exitCode = await run(process.argv.slice(2), { print: console.log, complain: console.error, signals: process });
