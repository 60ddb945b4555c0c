/** The command line. Everything wrong with it is a `UsageError`, whose message is for the person who typed it. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** The file whose lines are shown. */
  readonly log: string;
  /** True where nobody named a log: the demo then writes its own requests to it. */
  readonly ownLog: boolean;
  readonly host: string;
  readonly port: number;
  readonly fastifyPort: number;
}

export class UsageError extends Error {}

export const USAGE = `Usage: npm run demo -- [options]
  --log <path>         a log file to follow (default: the demo's own request log)
  --port <n>           port of the Express server, 0 for any (default: 3000)
  --fastify-port <n>   port of the Fastify server, 0 for any (default: 3001)
  --host <address>     address to listen on; 0.0.0.0 lets other machines in (default: 127.0.0.1)
  --help`;

const OWN_LOG = fileURLToPath(new URL('../requests.log', import.meta.url));

/**
 * Reads the arguments. Undefined where they ask for help.
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): DemoOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  return {
    log: values.log ?? OWN_LOG,
    ownLog: values.log === undefined,
    host: values.host ?? '127.0.0.1',
    port: toPort('--port', values.port ?? '3000'),
    fastifyPort: toPort('--fastify-port', values['fastify-port'] ?? '3001'),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { log: text, host: text, port: text, 'fastify-port': text, help: { type: 'boolean' } } as const;
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
