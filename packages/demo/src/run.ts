/** The demo as a command: starts, tells where it is, waits for a signal, drains. Resolves to the exit code. */
import { once } from 'node:events';
import { startDemo } from './demo.js';
import { ListenError } from './listen.js';
import { parseOptions, USAGE, UsageError } from './options.js';

/** Over which clients are sent away: nobody waits longer than that for Ctrl-C. */
const DRAIN_MS = 1_000;

export interface Terminal {
  print(text: string): void;
  complain(text: string): void;
  /** Emits SIGINT and SIGTERM. */
  readonly signals: NodeJS.EventEmitter;
}

export async function run(
  args: readonly string[],
  { print, complain, signals }: Terminal,
  drainMs: number = DRAIN_MS,
): Promise<number> {
  // Listened for from the beginning: a signal while the servers start must not be lost.
  const stopped = new AbortController();
  const signal = Promise.race(
    ['SIGINT', 'SIGTERM'].map((name) => once(signals, name, { signal: stopped.signal }).then(() => name)),
  );
  signal.catch(() => {});
  try {
    const options = parseOptions(args);
    if (!options) {
      print(USAGE);
      return 0;
    }
    const demo = await startDemo({
      ...options,
      drainMs,
      onError: (error) => complain(error instanceof Error ? error.message : String(error)),
    });
    print(`The page     ${demo.expressUrl}`);
    print(`Express      curl -N ${demo.expressUrl}events`);
    print(`Fastify      curl -N ${demo.fastifyUrl}events`);
    print(`The log      ${options.log}`);
    print('Ctrl-C stops it.');
    print(`${await signal}: sending the clients away`);
    await demo.close();
    return 0;
  } catch (error) {
    complain(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : describe(error));
    return error instanceof UsageError ? 2 : 1;
  } finally {
    stopped.abort();
  }
}

/** What people can act on comes as a sentence, what is a bug with its stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof ListenError ? error.message : (error.stack ?? error.message);
}
