/** The command line. Everything wrong with it is a `UsageError`, whose message is for the person who typed it. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FOLDER } from './folder.js';

export interface DemoOptions {
  /** The file whose lines are shown. */
  readonly log: string;
  /** True where nobody named a log: the demo then writes its own requests to it. */
  readonly ownLog: boolean;
  /** The folder of the LMDB store; undefined for a store in memory. */
  readonly data: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly fastifyPort: number;
}

export class UsageError extends Error {}

export const USAGE = `Usage: npm run demo -- [options]
  --log <path>         a log file to follow (default: the demo's own request log)
  --data <folder>      where the history is kept (default: packages/demo/.data/<port>)
  --memory             keep it in memory instead: it ends with the server
  --port <n>           port of the Express server, 0 for any (default: 3000)
  --fastify-port <n>   port of the Fastify server, 0 for any (default: 3001)
  --host <address>     address to listen on; 0.0.0.0 lets other machines in (default: 127.0.0.1)
  --help`;

/**
 * Reads the arguments. Undefined where they ask for help.
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): DemoOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  if (values.memory && values.data !== undefined) throw new UsageError('--memory and --data contradict each other');
  const port = toPort('--port', values.port ?? '3000');
  return {
    log: resolve(values.log ?? join(FOLDER, 'requests.log')),
    ownLog: values.log === undefined,
    // One for each port: two demos side by side are two logs.
    data: values.memory ? undefined : resolve(values.data ?? join(FOLDER, '.data', String(port))),
    host: values.host ?? '127.0.0.1',
    port,
    fastifyPort: toPort('--fastify-port', values['fastify-port'] ?? '3001'),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    log: text,
    data: text,
    memory: flag,
    host: text,
    port: text,
    'fastify-port': text,
    help: flag,
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function toPort(name: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new UsageError(`${name} must be a port from 0 to 65535, not "${text}"`);
}
