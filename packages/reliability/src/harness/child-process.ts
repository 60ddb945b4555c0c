/** Programs of `children/` in processes of their own. They end with the process that started them. */
import { type ChildProcess, fork } from 'node:child_process';

let folder = new URL('../children/', import.meta.url);

/** Says where the programs are, where that is not beside the compiled harness: tests bundle them from the sources. */
export function setChildren(url: URL): void {
  folder = url;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #isOver = false;
  #stderr = '';

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.stderr?.on('data', (bytes: Uint8Array) => {
      this.#stderr = `${this.#stderr}${Buffer.from(bytes).toString('utf8')}`.slice(-4_000);
    });
    this.#exited = new Promise((resolve) => {
      process.on('exit', () => {
        this.#isOver = true;
        resolve();
      });
    });
  }

  /** Starts `children/<name>` with `setup`, and resolves to it and to what it says first. */
  static async start<Hello>(name: string, setup: object, execArgv: readonly string[] = []): Promise<[Child, Hello]> {
    const child = new Child(
      fork(new URL(`${name}.js`, folder), [JSON.stringify(setup)], {
        execArgv: [...execArgv],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' },
      }),
    );
    const hello = await new Promise<Hello>((resolve, reject) => {
      child.#process.once('message', (message) => resolve(message as Hello));
      void child.#exited.then(() =>
        reject(new Error(`The program ${name} ended before it was ready: ${child.stderr}`)),
      );
    });
    return [child, hello];
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The end of what it has complained about. */
  get stderr(): string {
    return this.#stderr;
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  /** Asks it to end in order. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await this.#exited;
  }
}
