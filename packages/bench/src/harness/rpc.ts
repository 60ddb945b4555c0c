/** Calls between the coordinator and its child processes, over Node's own channel. */
import { type ChildProcess, fork } from 'node:child_process';

/** The parts of one program; a child learns its part from the environment. */
export type Role = 'server' | 'client' | 'appender';

export const ROLE_VARIABLE = 'HEADWATER_BENCH_ROLE';

// biome-ignore lint/suspicious/noExplicitAny: each method has parameters of its own
type Api = Record<string, (argument: any) => unknown>;
type Argument<Method> = Method extends () => unknown ? [] : Method extends (argument: infer A) => unknown ? [A] : never;
type Answer<Method> = Method extends (...args: never[]) => infer Result ? Awaited<Result> : never;

interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A child process and its methods. */
export class Child<A extends Api> {
  /** Gets what the child sends on its own account. */
  onNews: (news: Record<string, unknown>) => void = () => {};
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  readonly #exited: Promise<void>;
  #ids = 0;

  constructor(role: Role, execArgv: readonly string[] = []) {
    this.#process = fork(process.argv[1] as string, [], {
      execArgv: [...execArgv],
      env: { ...process.env, [ROLE_VARIABLE]: role, NODE_ENV: 'production' },
    });
    this.#process.on('message', (message: Reply | Record<string, unknown>) => this.#take(message));
    this.#exited = new Promise((resolve) => {
      this.#process.on('exit', (code, signal) => {
        const error = new Error(`The ${role} process ended (${signal ?? code})`);
        for (const { reject } of this.#pending.values()) reject(error);
        this.#pending.clear();
        resolve();
      });
    });
  }

  call<M extends keyof A & string>(method: M, ...[argument]: Argument<A[M]>): Promise<Answer<A[M]>> {
    return new Promise((resolve, reject) => {
      const id = ++this.#ids;
      this.#pending.set(id, { resolve, reject });
      this.#process.send({ id, method, argument } satisfies Call);
    });
  }

  /** A call that is not answered. */
  tell<M extends keyof A & string>(method: M, ...[argument]: Argument<A[M]>): void {
    this.#process.send({ id: 0, method, argument } satisfies Call);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.connected) this.#process.disconnect();
    await this.#exited;
  }

  #take(message: Reply | Record<string, unknown>): void {
    if (!('id' in message)) return this.onNews(message);
    const { id, value, error } = message as Reply;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(value as never);
    else pending?.reject(new Error(error));
  }
}

/** Answers the coordinator's calls, and ends with it. */
export function serve(api: Api): void {
  process.on('message', ({ id, method, argument }: Call) => {
    const run = async (): Promise<unknown> => api[method]?.(argument);
    run().then(
      (value) => id > 0 && process.send?.({ id, value }),
      (error: unknown) => id > 0 && process.send?.({ id, error: String((error as Error)?.stack ?? error) }),
    );
  });
  // At once and without a farewell: thousands of sockets need not be closed one by one.
  process.on('disconnect', () => process.exit(0));
}
