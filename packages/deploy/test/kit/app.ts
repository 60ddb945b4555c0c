/** App: the server of docs/deploy as a process, on a port that it gets again when it is started anew. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@headwater/services';
import { type Framework, type Project, SERVERS } from './project.js';

const PRELOAD = new URL('../../../recipes/test/kit/listen-anywhere.mjs', import.meta.url).href;

export interface AppOptions {
  readonly framework?: Framework;
  /** Variables of the server: see the README. */
  readonly env?: Readonly<Record<string, string>>;
}

export class App {
  readonly port: number;
  readonly #project: Project;
  readonly #options: AppOptions;
  #child: ChildProcess | undefined;

  private constructor(project: Project, options: AppOptions, port: number) {
    this.#project = project;
    this.#options = options;
    this.port = port;
  }

  static async start(project: Project, options: AppOptions = {}): Promise<App> {
    const app = new App(project, options, await freePort());
    await app.start();
    return app;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves once it listens. Rejects with what it says if it ends instead. */
  async start(): Promise<void> {
    const { framework = 'Express', env } = this.#options;
    const child = spawn(process.execPath, ['--import', PRELOAD, `dist/${SERVERS[framework]}.js`], {
      cwd: this.#project.folder,
      env: { PATH: process.env.PATH, NODE_ENV: 'production', LISTEN_ANYWHERE_PORT: String(this.port), ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    let complaints = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    const ended = once(child, 'close').then(() => {
      throw new Error(`The server has ended: ${complaints}`);
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => {});
  }

  /** Asks it to end, as systemd and Kubernetes do. Resolves to its exit code. */
  async terminate(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Directly, as everything that is not for the outside. */
  async publish(channel: string, text: string): Promise<void> {
    const headers = { 'content-type': 'text/plain' };
    const response = await fetch(`${this.url}/publish/${channel}`, { method: 'POST', headers, body: text });
    if (!response.ok) throw new Error(`publish answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }

  /** What the autoscaler and the dashboard see: the gauge of open streams. */
  async connections(): Promise<number> {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    const [, value] = /^sse_connections (\d+)$/m.exec(metrics) ?? [];
    if (value === undefined) throw new Error(`There is no gauge sse_connections in ${metrics}`);
    return Number(value);
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const over = once(child, 'exit');
    child.kill(signal);
    const [code] = await over;
    return code;
  }
}
