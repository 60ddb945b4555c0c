/** Trial: one run of a row over one store: its data set, its server processes, its clients, its ledger. All of them end with it. */

import { seeded } from '@headwater/testing';
import { rounded } from './harness/figures.js';
import { Follower, type FollowerOptions } from './harness/follower.js';
import { Publisher, type PublisherOptions } from './harness/publisher.js';
import { Server, type ServerSetup } from './harness/server.js';
import { until, within } from './harness/wait.js';
import { Diary } from './oracle/diary.js';
import { type Due, mustBeExact } from './oracle/judge.js';
import { Ledger } from './oracle/ledger.js';
import { KEEP_ALL, type StoreKind, type StoreService, type StoreSpec } from './stores/store.js';

/** A client that keeps a diary. */
export interface Reader {
  readonly name: string;
  readonly channels: readonly string[];
  readonly diary: Diary;
  readonly follower: Follower;
}

export interface ReaderOptions extends Partial<Omit<FollowerOptions, 'onEvent' | 'url'>> {
  readonly channels: readonly string[];
  /** Default: the first server's `/events`. */
  readonly url?: () => string;
  /** Breaks the connection after each so many events. */
  readonly cutEvery?: number;
}

export interface TrialParts {
  readonly kind: StoreKind;
  readonly service: StoreService;
  readonly seed: number;
  /** Speed and memory are judged in full trials only. */
  readonly isFull: boolean;
}

export class Trial {
  readonly kind: StoreKind;
  readonly service: StoreService;
  readonly isFull: boolean;
  readonly seed: number;
  readonly random: () => number;
  readonly ledger: Ledger = new Ledger();
  readonly servers: Server[] = [];
  readonly readers: Reader[] = [];
  /** Limits of speed and memory that were not kept. */
  readonly exceeded: string[] = [];
  readonly #cleanups: (() => unknown)[] = [];

  constructor({ kind, service, seed, isFull }: TrialParts) {
    this.kind = kind;
    this.service = service;
    this.isFull = isFull;
    this.seed = seed;
    this.random = seeded(seed);
  }

  /** The store as a process opens it. `changes`: retention, say, which is none by default. */
  spec(changes: Partial<StoreSpec> = {}): StoreSpec {
    return { ...this.service.spec, retention: KEEP_ALL, ...changes };
  }

  /** Called at the end of the trial, the newest first. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  async end(): Promise<void> {
    for (const { follower } of this.readers) follower.close();
    for (const cleanup of this.#cleanups.toReversed()) await cleanup();
    await Promise.all(this.servers.map((server) => server.kill()));
  }

  async serve(setup: Partial<Omit<ServerSetup, 'port'>> = {}, execArgv: readonly string[] = []): Promise<Server> {
    const framework = setup.framework ?? (this.servers.length % 2 === 0 ? 'express' : 'fastify');
    const server = await Server.start({ store: this.spec(), ...setup, framework }, execArgv);
    this.servers.push(server);
    await server.ready();
    return server;
  }

  /** A client that writes down what it gets. Resolves when its first stream is open. */
  async read(options: ReaderOptions): Promise<Reader> {
    const { channels, url = () => (this.servers[0] as Server).stream(channels), cutEvery, ...rest } = options;
    const diary = new Diary(this.ledger);
    const follower: Follower = new Follower({
      url,
      ...rest,
      onEvent: ({ id = '', data }) => {
        diary.take(id, data);
        if (cutEvery !== undefined && diary.received.length % cutEvery === 0) follower.cut();
      },
    });
    const reader = { name: `client ${this.readers.length}`, channels, diary, follower };
    this.readers.push(reader);
    await within(`${reader.name} to open`, follower.opened);
    return reader;
  }

  publisher(
    options: Partial<PublisherOptions> & Pick<PublisherOptions, 'perSecond' | 'total' | 'channels'>,
  ): Publisher {
    return new Publisher({ servers: this.servers, ledger: this.ledger, random: this.random, ...options });
  }

  /** Publishes letters through one server, each acknowledged. */
  async publish(
    count: number,
    channels: readonly string[],
    server: Server = this.servers[0] as Server,
  ): Promise<string[]> {
    const letters = Array.from({ length: count }, (_, n) =>
      this.ledger.write(channels[n % channels.length] as string, this.random),
    );
    const answers = await server.call<{ id: string; error?: string }[]>('publish', letters);
    return answers.map(({ id, error }, index) => {
      if (error) throw new Error(`A publish was refused: ${error}`);
      this.ledger.acknowledge((letters[index] as { n: number }).n, id);
      return id;
    });
  }

  /** Waits until every reader has the newest acknowledged letter of its channels, then judges each. */
  async judge(due: Omit<Due, 'channels'> = {}, readers: readonly Reader[] = this.readers): Promise<void> {
    for (const { name, channels, diary, follower } of readers) {
      const head = this.ledger.headOf(new Set(channels));
      // As long as it gets something it may be slow.
      while (diary.last < head) {
        const before = diary.received.length;
        const missing = () => `${name} to get on; it is at ${diary.last} of ${head}, open: ${follower.isOpen}`;
        await until(missing, () => diary.received.length > before);
      }
      mustBeExact(this.ledger, diary, { channels, ...due }, `${name} (resets: ${reasonsOf(follower)})`);
    }
  }

  get resets(): number {
    return this.readers.reduce((sum, { follower }) => sum + follower.resets.length, 0);
  }

  /** For rows in which nothing is lost. */
  mustHaveNoReset(): void {
    if (this.resets > 0) throw new Error(`${this.resets} resets, though nothing was lost`);
  }

  /** Judged in full trials only, and at their end: a statement of speed or memory. */
  atMost(what: string, value: number, limit: number): void {
    if (this.isFull && !(value <= limit)) this.exceeded.push(`${what} is ${rounded(value)}, more than ${limit}`);
  }
}

function reasonsOf({ resets }: Follower): string {
  return resets.map(({ reason }) => reason).join() || 'none';
}
