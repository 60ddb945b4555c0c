/** Server: a server process of the trial, on a port that it gets again when it is started anew. */
import { Agent, request } from 'node:http';
import { freePort } from '@headwater/services';
import { seqOf } from '../oracle/ledger.js';
import type { StoreSpec } from '../stores/store.js';
import { Child } from './child-process.js';
import { until } from './wait.js';

export type Framework = 'express' | 'fastify';

/** What `children/server` is told. JSON. */
export interface ServerSetup {
  readonly framework: Framework;
  readonly port: number;
  readonly store: StoreSpec;
  /** Milliseconds by which this process's wall clock is wrong. Default 0. */
  readonly skewMs?: number;
  /** Channels whose items the store folds. */
  readonly keyed?: readonly string[];
  /** A channel whose state the application itself keeps and provides. */
  readonly provided?: string;
  readonly hub?: { readonly ringEvents?: number; readonly headCheckMs?: number; readonly retryMs?: number };
}

/** What `stats` answers. */
export interface Stats {
  readonly head: string;
  readonly connections: number;
  readonly closed: Readonly<Record<string, number>>;
  readonly resets: number;
  readonly errors: readonly string[];
  readonly providerCalls: readonly number[];
  /** Bytes of the process's own memory, files that it maps left out where the system tells them apart. */
  readonly memory: number;
}

export class Server {
  readonly port: number;
  /** Milliseconds, `performance.now()`, when it last began to listen. */
  listeningAt = 0;
  #setup: ServerSetup;
  #child: Child | undefined;
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #execArgv: readonly string[];

  private constructor(setup: ServerSetup, execArgv: readonly string[]) {
    this.#setup = setup;
    this.port = setup.port;
    this.#execArgv = execArgv;
  }

  static async start(setup: Omit<ServerSetup, 'port'>, execArgv: readonly string[] = []): Promise<Server> {
    const server = new Server({ ...setup, port: await freePort() }, execArgv);
    await server.restart();
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get isUp(): boolean {
    return this.#child?.isOver === false;
  }

  get stderr(): string {
    return this.#child?.stderr ?? '';
  }

  /** The URL of a stream of these channels. `path`: see `children/routes`. */
  stream(channels: readonly string[], path = '/events'): string {
    return `${this.origin}${path}?channels=${channels.map(encodeURIComponent).join(',')}`;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
    this.#agent.destroy();
  }

  /** Starts it, or starts it again, on its port. `changes`: what is different this time. */
  async restart(changes: Partial<ServerSetup> = {}): Promise<void> {
    if (this.isUp) await this.kill();
    this.#setup = { ...this.#setup, ...changes, port: this.port };
    [this.#child] = await Child.start<{ listening: true }>('server', this.#setup, this.#execArgv);
    this.listeningAt = performance.now();
  }

  /** Resolves once it says so: it follows its store. */
  async ready(): Promise<void> {
    await until('a server to be ready', async () => (await this.ask('/ready')).status === 200);
  }

  /** Resolves once it follows the log up to `id`: who publishes is answered by the store, which the tail comes after. */
  async reaches(id: string): Promise<void> {
    await until(`a server to reach ${id}`, async () => seqOf((await this.stats()).head) >= seqOf(id));
  }

  stats(): Promise<Stats> {
    return this.call<Stats>('stats');
  }

  /** Calls one of the server's controls. Rejects where it cannot be reached, and with what it answers other than 200. */
  async call<Answer>(control: string, argument: unknown = null): Promise<Answer> {
    const { status, body } = await this.ask(`/control/${control}`, JSON.stringify(argument));
    if (status !== 200) throw new Error(`${control} answered ${status}: ${body}`);
    return JSON.parse(body) as Answer;
  }

  /** One request: a POST with JSON where there is a body, else a GET. */
  ask(path: string, body?: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const asked = request(
        `${this.origin}${path}`,
        {
          method: body === undefined ? 'GET' : 'POST',
          agent: this.#agent,
          headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
          response.on('error', reject);
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }
}
