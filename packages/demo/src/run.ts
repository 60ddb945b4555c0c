/**
 * The demo as a command: starts, tells where it is, waits for a signal, drains. Resolves to the exit code.
 *
 * Two processes share one log. This one publishes and keeps the other running; the other one serves, and may be restarted or
 * killed: what is published meanwhile waits in the log. With a store in memory the server publishes too.
 */
import { once } from 'node:events';
import { createHub } from '@headwater/core';
import type { DemoEvents } from './channels.js';
import { Crowd } from './crowd.js';
import { type DemoOptions, parseOptions, USAGE, UsageError } from './options.js';
import { startSources } from './sources.js';
import { openStore } from './store.js';
import { StartError, Supervisor } from './supervisor.js';

/** Over which clients are sent away: what waits for it is a person, at Ctrl-C or at a switch of the page. */
const DRAIN_MS = 250;

export interface Terminal {
  print(text: string): void;
  complain(text: string): void;
  /** Emits SIGINT and SIGTERM. */
  readonly signals: NodeJS.EventEmitter;
}

export async function run(args: readonly string[], entry: string, terminal: Terminal): Promise<number> {
  const { print, complain, signals } = terminal;
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
    await operate(options, entry, terminal, signal);
    return 0;
  } catch (error) {
    complain(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : describe(error));
    return error instanceof UsageError ? 2 : 1;
  } finally {
    stopped.abort();
  }
}

async function operate(options: DemoOptions, entry: string, terminal: Terminal, signal: Promise<string>) {
  const { print, complain } = terminal;
  let crowd: Crowd | undefined;
  const supervisor = new Supervisor({
    options,
    entry,
    withSources: options.data === undefined,
    drainMs: DRAIN_MS,
    onError: complain,
    onEnd: (how) => print(`The server ${how}: starting it again`),
    onGather: (count) => crowd?.gather(count),
  });
  const { expressUrl, fastifyUrl } = await supervisor.start();
  crowd = new Crowd(`${expressUrl}telemetry`, (status) => supervisor.report(status));
  const stopPublishing = options.data === undefined ? undefined : await publishTo(options, complain);
  print(`The page     ${expressUrl}`);
  print(`Express      curl -N ${expressUrl}events`);
  print(`Fastify      curl -N ${fastifyUrl}events`);
  print(`The log      ${options.log}`);
  print(`The history  ${options.data ?? 'in memory: it ends with the server'}`);
  print('Ctrl-C stops it.');
  print(`${await signal}: sending the clients away`);
  crowd.close();
  await supervisor.stop();
  await stopPublishing?.();
}

/** Publishes from this process, over the store that the server has opened as well. */
async function publishTo(options: DemoOptions, complain: (text: string) => void): Promise<() => Promise<void>> {
  const store = openStore(options);
  const hub = createHub<DemoEvents>({ store });
  const onError = (error: unknown) => complain(error instanceof Error ? error.message : String(error));
  const stop = await startSources(hub, store, { log: options.log, onError });
  return async () => {
    await stop();
    await hub.close();
    await store.close();
  };
}

/** What people can act on comes as a sentence, what is a bug with its stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof StartError ? error.message : (error.stack ?? error.message);
}
