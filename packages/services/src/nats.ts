/** NATS with JetStream for tests: a server of their own on a free port, in a folder of its own. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Daemon, removeFolder, temporaryFolder } from './daemon.js';
import { findProgram, type Program } from './find.js';
import { freePort } from './free-port.js';
import { cpuMsOf } from './processes.js';

const PROGRAM: Program = {
  command: 'nats-server',
  variable: 'HEADWATER_NATS_SERVER',
  debianPackage: 'nats-server',
  folders: () => ['/usr/sbin', '/usr/local/sbin'],
};

export interface NatsServerOptions {
  /** The server's configuration, beside address and port. Default JetStream with its files in the server's folder. */
  readonly config?: string;
}

/** A running server. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Its folder; JetStream's files are in `jetstream` in it. */
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
  /** CPU time of its process so far, in milliseconds. */
  cpuMs(): number;
}

/** Starts a server and resolves once it answers. */
export async function startNats({ config }: NatsServerOptions = {}): Promise<NatsServer> {
  const program = findProgram(PROGRAM);
  const dir = temporaryFolder('nats');
  const port = await freePort();
  const file = join(dir, 'nats.conf');
  const isDefault = config === undefined;
  writeFileSync(file, config ?? `jetstream: { store_dir: ${JSON.stringify(dir)} }\n`);
  const args = ['--config', file, '--addr', '127.0.0.1', '--port', String(port)];
  const daemon = new Daemon({ program, args, dir, isReady: () => isReady(port, isDefault) });
  await daemon.start();
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    dir,
    stop: async () => {
      await daemon.stop();
      removeFolder(dir);
    },
    kill: () => daemon.kill(),
    pause: () => {
      daemon.pause();
      if (daemon.pid !== undefined) awaitFreeze(daemon.pid);
    },
    resume: () => daemon.resume(),
    restart: async () => {
      await daemon.stop();
      await daemon.start();
    },
    cpuMs: () => (daemon.pid === undefined ? 0 : cpuMsOf(daemon.pid)),
  };
}

const LOOKS = 1_000;

/** The signal is on its way for a moment, in which a thread may still answer. Linux. */
function awaitFreeze(pid: number): void {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let looks = 0; looks < LOOKS && !isFrozen(pid); looks++) Atomics.wait(nap, 0, 0, 1);
}

function isFrozen(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.every((id) => /\) [TtZX] /.test(readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')));
  } catch {
    // A thread, or all of it, has just ended; or this is another system.
    return !readdirSync('/').includes('proc');
  }
}

/** Asks JetStream about itself; a server that is reading its files answers once it has read them. */
const QUESTION =
  'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB r 1\r\nPUB $JS.API.INFO r 0\r\n\r\nPING\r\n';

/** True once it takes clients, and JetStream answers where that is to be expected. One that wants a password is there too. */
function isReady(port: number, needsJetStream: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(QUESTION));
    const done = (answer: boolean) => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(1_000, () => done(false));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.includes('-ERR')) done(!needsJetStream);
      else if (needsJetStream ? text.includes('account_info_response') : text.includes('PONG')) done(true);
      else if (text.includes('503')) done(false);
    });
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}
