/**
 * Keeps a server process running: starts it again whenever it ends, whatever ended it, on the same ports.
 * Invariant: at most one server process at a time, and none after `stop()` has resolved.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { CrowdStatus } from './keeper.js';
import { ROLE_VARIABLE, type ToServer, type ToSupervisor } from './messages.js';
import type { DemoOptions } from './options.js';

/** Between the end of one server and the start of the next: long enough that a page can show it. */
const RESTART_MS = 300;
/** A server that keeps failing is started ever more rarely. */
const MAX_RESTART_MS = 5_000;

export interface SupervisorOptions {
  readonly options: DemoOptions;
  /** The module to start, which then calls `serve()`. */
  readonly entry: string;
  readonly withSources: boolean;
  /** Over which a server that is stopped sends its clients away, in milliseconds. */
  readonly drainMs: number;
  readonly onError: (text: string) => void;
  readonly onEnd: (how: string) => void;
  readonly onGather: (count: number) => void;
}

type Ready = Extract<ToSupervisor, { type: 'ready' }>;

/** Why a first start failed, as a sentence. */
export class StartError extends Error {}

export class Supervisor {
  readonly #given: SupervisorOptions;
  #options: DemoOptions;
  #server: ChildProcess | undefined;
  #runs = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;
  #whenEnded: (() => void) | undefined;
  #crowd: CrowdStatus | undefined;

  constructor(given: SupervisorOptions) {
    this.#given = given;
    this.#options = given.options;
  }

  /** Resolves when the first server is ready. @throws StartError */
  start(): Promise<Ready> {
    return new Promise((resolve, reject) => this.#start(resolve, (text) => reject(new StartError(text))));
  }

  /** Tells the server how the other clients are doing; the next one too. */
  report(status: CrowdStatus): void {
    this.#crowd = status;
    this.#tell({ type: 'crowd', status });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    if (!this.#server) return;
    const ended = new Promise<void>((resolve) => {
      this.#whenEnded = resolve;
    });
    this.#tell({ type: 'stop' });
    await ended;
  }

  #start(onReady: (ready: Ready) => void = () => {}, onFailure: (text: string) => void = this.#given.onError): void {
    const server = fork(this.#given.entry, { env: { ...process.env, [ROLE_VARIABLE]: 'server' } });
    this.#server = server;
    this.#runs++;
    let failure: string | undefined;
    let isReady = false;
    server.on('message', (message: ToSupervisor) => {
      if (message.type === 'error') this.#given.onError(message.text);
      if (message.type === 'gather') this.#given.onGather(message.count);
      if (message.type === 'failed') failure = message.text;
      if (message.type !== 'ready') return;
      isReady = true;
      this.#failures = 0;
      // Whatever ports it found, the next one has to take the same.
      const port = (url: string) => Number(new URL(url).port || 80);
      this.#options = { ...this.#options, port: port(message.expressUrl), fastifyPort: port(message.fastifyUrl) };
      onReady(message);
    });
    // A process that dies between two messages: its `exit` says it.
    server.on('error', () => {});
    server.on('exit', (code, signal) => {
      this.#server = undefined;
      if (this.#isStopping) return this.#whenEnded?.();
      const how = signal ? `killed by ${signal}` : `ended with ${code}`;
      if (!isReady) {
        onFailure(failure ?? `Cannot start the server: its process was ${how}`);
        if (this.#runs === 1) return;
        this.#failures++;
      } else this.#given.onEnd(how);
      const delay = Math.min(MAX_RESTART_MS, RESTART_MS * 2 ** this.#failures);
      this.#timer = setTimeout(() => this.#start(), delay);
    });
    const { withSources, drainMs } = this.#given;
    this.#tell({ type: 'start', options: this.#options, withSources, drainMs, run: this.#runs });
    if (this.#crowd) this.#tell({ type: 'crowd', status: this.#crowd });
  }

  #tell(message: ToServer): void {
    if (this.#server?.connected) this.#server.send(message, () => {});
  }
}
