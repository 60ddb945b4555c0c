/** Redis for tests: a server of their own on a free port, in a folder of its own. */
import { connect } from 'node:net';
import { Daemon, removeFolder, temporaryFolder } from './daemon.js';
import { findProgram, type Program } from './find.js';
import { freePort } from './free-port.js';

const PROGRAM: Program = {
  command: 'redis-server',
  variable: 'HEADWATER_REDIS_SERVER',
  debianPackage: 'redis-server',
};

export interface RedisServerOptions {
  /** More arguments, after and so over the default of no persistence: `['--appendonly', 'yes']`. */
  readonly args?: readonly string[];
  /** Where it keeps its files. Default a temporary folder, removed when the server is stopped. */
  readonly dir?: string;
}

/** A running server. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
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
}

/** Starts a server and resolves once it answers. */
export async function startRedis({ args = [], dir: given }: RedisServerOptions = {}): Promise<RedisServer> {
  const program = findProgram(PROGRAM);
  const dir = given ?? temporaryFolder('redis');
  const port = await freePort();
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'];
  const daemon = new Daemon({ program, args: [...own, ...args], dir, isReady: () => answersPing(port) });
  await daemon.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    stop: async () => {
      await daemon.stop();
      removeFolder(dir);
    },
    kill: () => daemon.kill(),
    pause: () => daemon.pause(),
    resume: () => daemon.resume(),
    restart: async () => {
      await daemon.stop();
      await daemon.start();
    },
  };
}

/** True once it takes commands; one that is loading its files says so instead. Also one that wants a password is there. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(/^(\+PONG|-NOAUTH)/.test(data.toString()));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
