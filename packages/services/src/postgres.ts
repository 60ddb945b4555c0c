/**
 * PostgreSQL for tests: a server of their own on a free port, in a folder of its own.
 * Invariant: what befalls the server befalls all its processes: each connection is one, and they outlive the first one for a moment.
 */
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Daemon, removeFolder, temporaryFolder } from './daemon.js';
import { freePort } from './free-port.js';
import { findBinaries, initialise, unprivileged } from './postgres-files.js';
import { childrenOf, cpuMsOf, isRunning, signal } from './processes.js';

export interface PostgresServerOptions {
  /** Settings over the defaults, which write nothing to disk in time: `{ fsync: 'on' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A running server. */
export interface PostgresServer {
  /** The database `postgres`, as its superuser. */
  readonly url: string;
  readonly port: number;
  /** Its folder; `data` in it is what PostgreSQL calls the data directory. */
  readonly dir: string;
  /** Ends it for good, in order. */
  stop(): Promise<void>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Freezes it: it keeps its connections and says nothing. */
  pause(): void;
  resume(): void;
  /** Starts it again at the same port with the same files, after ending it if it runs. */
  restart(): Promise<void>;
  /** CPU time of its processes so far, in milliseconds. */
  cpuMs(): number;
  /** Runs a script by `psql`, which stops at the first error, and returns what it prints: rows alone, columns with `|` between. */
  psql(script: string): Promise<string>;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
  autovacuum_naptime: '1s',
  log_min_messages: 'fatal',
};

/** Starts a server and resolves once it answers. */
export async function startPostgres({ settings = {} }: PostgresServerOptions = {}): Promise<PostgresServer> {
  const binaries = findBinaries();
  const user = unprivileged();
  const dir = temporaryFolder('postgres');
  initialise(binaries, dir, user);
  const port = await freePort();
  const set = { ...SETTINGS, port, unix_socket_directories: dir, ...settings };
  const args = Object.entries(set).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const daemon = new Daemon({
    program: join(binaries, 'postgres'),
    args: ['-D', join(dir, 'data'), ...args],
    dir,
    isReady: () => takesConnections(port),
    user,
    // "Fast": without waiting until everybody has left by themselves.
    stopSignal: 'SIGINT',
  });
  const processes = () => (daemon.pid === undefined ? [] : [daemon.pid, ...childrenOf(daemon.pid)]);
  const all = (name: NodeJS.Signals) => {
    for (const pid of processes()) signal(pid, name);
  };
  const resume = () => all('SIGCONT');
  const stop = async () => {
    resume();
    await daemon.stop();
  };
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await daemon.start();
  return {
    url,
    port,
    dir,
    stop: async () => {
      await stop();
      removeFolder(dir);
    },
    kill: async () => {
      const killed = processes();
      all('SIGKILL');
      await daemon.kill();
      while (killed.some(isRunning)) await delay(5);
    },
    pause: () => all('SIGSTOP'),
    resume,
    restart: async () => {
      await stop();
      await daemon.start();
    },
    cpuMs: () => processes().reduce((sum, pid) => sum + cpuMsOf(pid), 0),
    psql: async (script) => {
      const run = promisify(execFile)(join(binaries, 'psql'), [url, '-XAtq', '-v', 'ON_ERROR_STOP=1']);
      // One that ends early, because there is no server, says so by its exit.
      run.child.stdin?.on('error', () => {});
      run.child.stdin?.end(script);
      return (await run).stdout;
    },
  };
}

/** `int32 length, int32 protocol 3.0, user and database` of the protocol's start. */
function startupMessage(): Buffer {
  const text = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const message = Buffer.alloc(8 + text.length);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(3 << 16, 4);
  text.copy(message, 8);
  return message;
}

/** True once it asks who comes, or does not need to; one that is starting refuses with an error. */
function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(startupMessage()));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data[0] === 'R'.charCodeAt(0));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
