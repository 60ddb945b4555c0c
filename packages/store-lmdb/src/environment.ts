/**
 * Environment: one folder, opened by LMDB at most once in this process, for all stores of all names in it.
 * Invariant: a write is answered when it is on the disk, and nobody in any process sees it before. So no process can tell its
 * clients what a loss of power takes back.
 *
 * That is LMDB's own order of things (pages, fdatasync, then the meta page through a synchronous descriptor, then the number of
 * the transaction that readers look for), which lmdb-js changes by default: with `overlappingSync` a commit is visible before
 * it is flushed. Without it the commit still runs in a worker thread, so nobody's event loop waits for the disk.
 */
import { realpathSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SseError } from '@headwater/core';
import { failure } from './failures.js';
import { problemOf } from './file-check.js';
import { FileIdentity } from './file-identity.js';
import { Hint } from './hint.js';
import { openRoot, openTables, type Root, type Tables } from './tables.js';

interface Job {
  readonly tables: Tables;
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Of one commit, so that nobody waits long for the first of them. An append's job is a group of calls already. */
const MAX_JOBS = 512;

/** The environments of this process by the real path of their folder: LMDB must not open one twice. */
const environments: Map<string, Environment> = new Map();

export class Environment {
  readonly path: string;
  readonly #mapSize: number;
  #root: Root | undefined;
  #file: FileIdentity | undefined;
  readonly #tables: Map<string, Tables> = new Map();
  #opening: Promise<void> | undefined;
  #jobs: Job[] = [];
  /** The commits under way. */
  #committing: Promise<void> | undefined;
  /** While tables are opened. */
  #isPaused = false;
  #users = 0;
  /** Grows when the file is another one. */
  generation = 0;
  /** A commit has failed: LMDB may have given up the environment for good. */
  #isSuspect = false;
  readonly hint: Hint;

  /** The environment of that folder, to be given back with {@link release}. Makes the folder. */
  static async acquire(path: string, mapSize: number): Promise<Environment> {
    try {
      await mkdir(path, { recursive: true });
      const real = realpathSync(path);
      let environment = environments.get(real);
      if (!environment) {
        environment = new Environment(real, mapSize);
        environments.set(real, environment);
      }
      environment.#users++;
      return environment;
    } catch (error) {
      throw failure('open the database', path, error);
    }
  }

  private constructor(path: string, mapSize: number) {
    this.path = path;
    this.#mapSize = mapSize;
    this.hint = new Hint(path);
  }

  /** The tables of the log with that name, opened if they are not, and anew if the file is another one by now. */
  async tables(name: string): Promise<Tables> {
    for (;;) {
      const tables = this.#tables.get(name);
      if (tables && this.has(tables) && !this.isReplaced) return tables;
      this.#opening ??= this.#open(name).finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
  }

  /** Somebody has put another file in the place of the one that is open: what is written to that nobody will find again. */
  get isReplaced(): boolean {
    return this.#file?.isCurrent() === false;
  }

  /** Whether these tables can be used, as long as nobody replaces the file. */
  has(tables: Tables): boolean {
    return !this.#isSuspect && this.#tables.get(tables.name) === tables;
  }

  /**
   * Runs `run` in a write transaction, together with the others that wait. Where it throws, nothing that it wrote is kept, and
   * nothing of the others is lost. Resolves once it is on the disk.
   */
  write<T>(tables: Tables, run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ tables, run, resolve: resolve as (value: unknown) => void, reject });
      this.#keepCommitting();
    });
  }

  /** Copies the database as it is at one moment, of every name, into an empty folder, while others go on writing. */
  async backup(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length > 0) throw new Error('a backup needs an empty folder');
    await this.#root?.backup(folder, true);
  }

  /** Gives the environment back; the last user closes it. */
  async release(): Promise<void> {
    if (--this.#users > 0) return;
    await this.#opening?.catch(() => {});
    await this.#committing;
    // Somebody may have come meanwhile.
    if (this.#users > 0) return;
    environments.delete(this.path);
    await this.#close();
  }

  async #open(name: string): Promise<void> {
    // Tables are opened in a write transaction of this thread, which must not wait for one that waits for this thread.
    this.#isPaused = true;
    await this.#committing;
    try {
      if (this.#root && (this.isReplaced || this.#isSuspect)) await this.#reopen();
      this.#root ??= this.#openRoot();
      if (!this.#tables.has(name)) this.#tables.set(name, openTables(this.#root, name));
    } catch (error) {
      throw failure('open the database', this.path, error);
    } finally {
      this.#isPaused = false;
      this.#keepCommitting();
    }
  }

  async #reopen(): Promise<void> {
    const file = this.#file;
    await this.#close();
    this.#isSuspect = false;
    if (file?.isCurrent() !== false) return;
    this.generation++;
    // The lock file goes with the file that is gone: it would tell readers of transactions that the new one does not have.
    file.removeOldLock();
  }

  #openRoot(): Root {
    const file = join(this.path, 'data.mdb');
    const problem = this.hint.wasHere(file) ?? problemOf(file);
    if (problem) {
      throw new SseError(
        'ERR_SSE_STORE',
        `Cannot open "${file}": ${problem}. Restore the folder from a backup, or move it away to begin anew`,
        { statusCode: 503 },
      );
    }
    const root = openRoot(this.path, this.#mapSize);
    this.#file = new FileIdentity(this.path);
    this.hint.open();
    return root;
  }

  async #close(): Promise<void> {
    const root = this.#root;
    this.#root = undefined;
    this.#file = undefined;
    this.#tables.clear();
    this.hint.close();
    await root?.close();
  }

  #keepCommitting(): void {
    if (this.#isPaused || this.#jobs.length === 0) return;
    this.#committing ??= this.#commitAll().finally(() => {
      this.#committing = undefined;
      this.#keepCommitting();
    });
  }

  async #commitAll(): Promise<void> {
    // The others of this turn go into the same commit.
    await undefined;
    while (this.#jobs.length > 0 && !this.#isPaused) await this.#commit(this.#jobs.splice(0, MAX_JOBS));
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const root = this.#root;
    if (!root || this.#isSuspect) {
      for (const { reject } of jobs) reject(replaced(this.path));
      return;
    }
    const answers: (() => void)[] = [];
    try {
      await root.transaction(() => {
        // lmdb-js may have a promise of this commit that it keeps to itself: where the commit fails, nobody would hear that one.
        root.committed.then(ignore, ignore);
        const { isReplaced } = this;
        for (const job of jobs) answers.push(this.#run(root, job, isReplaced));
      });
    } catch (error) {
      this.#isSuspect = true;
      const cause = await commitError(error);
      for (const { reject } of jobs) reject(failure('write', this.path, cause));
      return;
    }
    for (const answer of answers) answer();
  }

  /** In a transaction of its own within the commit's. */
  #run(root: Root, { tables, run, resolve, reject }: Job, isReplaced: boolean): () => void {
    try {
      if (isReplaced || !this.has(tables)) throw replaced(this.path);
      // Neither a promise nor a thenable: the transaction must not outlast this call.
      let value: unknown;
      root.transactionSync(() => {
        value = run();
      });
      return () => resolve(value);
    } catch (error) {
      return () => reject(failure('write', this.path, error));
    }
  }
}

function ignore(): void {
  // Whoever waits for the commit is told.
}

/** lmdb-js rejects a commit with an error that only promises to tell why. */
async function commitError(error: unknown): Promise<unknown> {
  const { commitError: why } = error as { commitError?: Promise<unknown> };
  return why instanceof Promise ? why.catch((cause: unknown) => cause) : error;
}

/** The place of the file is taken by another one, or it is to be opened anew after a failure: whoever asks again, gets it. */
export function replaced(path: string): SseError {
  return new SseError('ERR_SSE_STORE', `The database in "${path}" was replaced or closed while it was open`, {
    statusCode: 503,
  });
}
