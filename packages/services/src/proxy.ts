/** Proxies for tests: one way to start them all, each on a free port, with its files in a folder of its own. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Daemon, removeFolder, temporaryFolder } from './daemon.js';
import { findProgram, type Program } from './find.js';
import { freePort } from './free-port.js';

export interface ProxyOptions {
  /** The proxy's configuration, in which it is to listen on this port of 127.0.0.1. */
  readonly config: (port: number) => string;
  /** More arguments, behind the proxy's own. */
  readonly args?: readonly string[];
}

/** A running proxy. */
export interface ProxyServer {
  readonly port: number;
  /** Its folder. */
  readonly dir: string;
  /** Ends it for good, with all its connections. */
  stop(): Promise<void>;
}

/** Where a proxy runs. */
interface ProxyPlace {
  readonly port: number;
  readonly dir: string;
  /** The file with its configuration. */
  readonly file: string;
}

/** What proxies differ in. */
export interface ProxyKind {
  readonly program: Program;
  /** What surrounds the configuration that is given. Default nothing. */
  readonly surround?: (config: string, place: ProxyPlace) => string;
  readonly args: (place: ProxyPlace) => readonly string[];
  readonly env?: (place: ProxyPlace) => Readonly<Record<string, string>>;
}

/** Starts a proxy and resolves once it takes connections. @throws Error with what it says, if it ends instead. */
export async function startProxy(kind: ProxyKind, { config, args = [] }: ProxyOptions): Promise<ProxyServer> {
  const { program, surround = (text: string) => text } = kind;
  const path = findProgram(program);
  const dir = temporaryFolder(program.command);
  const port = await freePort();
  const place = { port, dir, file: join(dir, 'configuration') };
  writeFileSync(place.file, surround(config(port), place));
  const daemon = new Daemon({
    program: path,
    args: [...kind.args(place), ...args],
    dir,
    isReady: () => takesConnections(port),
    env: kind.env?.(place),
  });
  const stop = async () => {
    await daemon.stop();
    removeFolder(dir);
  };
  try {
    await daemon.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, dir, stop };
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
