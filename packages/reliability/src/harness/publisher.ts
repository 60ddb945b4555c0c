/**
 * Publisher: sends letters to servers over HTTP at a pace, and tries again with the same idempotency key until each is acknowledged.
 * A share of those whose answer was lost is given up: nobody knows whether they were stored, and both must be right.
 */
import type { Ledger, Letter } from '../oracle/ledger.js';
import { below } from './random.js';
import type { Server } from './server.js';
import { pause } from './wait.js';

export interface PublisherOptions {
  /** Asked for every request: any of them will do. */
  readonly servers: readonly Server[];
  readonly ledger: Ledger;
  readonly random: () => number;
  /** Each with its share of the letters; equal shares if not given. */
  readonly channels: readonly string[];
  readonly perSecond: number;
  readonly total: number;
  /** Of the letters whose first answer was lost, the share that is not tried again. Default 0. */
  readonly giveUp?: number;
}

type Answer = { readonly id: string } | { readonly error: string };

const BATCH_MS = 10;
const RETRY_MS = 50;
/** Requests at a time: behind a server that is down they wait, and the pace with them. */
const MOST_WAITING = 50;

export class Publisher {
  /** Letters that were given up. */
  abandoned = 0;
  /** Answers that never came, by request. */
  lostAnswers = 0;
  /** Why the newest of them did not. */
  lostBecause = '';
  /** Codes of the errors that were answered, and how often. */
  readonly refused = new Map<string, number>();
  readonly #options: PublisherOptions;
  readonly #under = new Set<Promise<void>>();
  #sent = 0;
  #isStopped = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** How many letters have been written. */
  get sent(): number {
    return this.#sent;
  }

  /** No more letters: `run` resolves once those under way are settled. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when every letter is acknowledged or given up. */
  async run(): Promise<void> {
    const { perSecond, total } = this.#options;
    const begun = performance.now();
    let paused = 0;
    while (this.#sent < total && !this.#isStopped) {
      const waitFrom = performance.now();
      while (this.#under.size >= MOST_WAITING) await Promise.race(this.#under);
      paused += performance.now() - waitFrom;
      const due = Math.min(total, Math.ceil(((performance.now() - begun - paused) * perSecond) / 1_000));
      if (due > this.#sent) this.#start(due - this.#sent);
      await pause(BATCH_MS);
    }
    await Promise.all(this.#under);
  }

  #start(count: number): void {
    const { ledger, channels, random } = this.#options;
    const letters = Array.from({ length: count }, () =>
      ledger.write(channels[below(random, channels.length)] as string, random),
    );
    this.#sent += count;
    const sending = this.#deliver(letters).finally(() => this.#under.delete(sending));
    this.#under.add(sending);
  }

  async #deliver(letters: readonly Letter[]): Promise<void> {
    let left = letters;
    for (let tries = 0; left.length > 0; tries++) {
      if (tries > 0) await pause(RETRY_MS);
      left = await this.#attempt(left);
      if (tries === 0) left = left.filter(() => !this.#givesUp());
    }
  }

  /** Those that are still not acknowledged. */
  async #attempt(letters: readonly Letter[]): Promise<readonly Letter[]> {
    const { servers, random, ledger } = this.#options;
    const server = servers[below(random, servers.length)] as Server;
    let answers: readonly Answer[];
    try {
      answers = await server.call(
        'publish',
        letters.map(({ n, channel, data }) => ({ channel, data, key: `letter ${n}` })),
      );
    } catch (error) {
      this.lostAnswers++;
      this.lostBecause = (error as Error).message;
      return letters;
    }
    return letters.filter(({ n }, index) => {
      const answer = answers[index] as Answer;
      if ('id' in answer) ledger.acknowledge(n, answer.id);
      else this.refused.set(answer.error, (this.refused.get(answer.error) ?? 0) + 1);
      return 'error' in answer;
    });
  }

  #givesUp(): boolean {
    const gives = this.#options.random() < (this.#options.giveUp ?? 0);
    if (gives) this.abandoned++;
    return gives;
  }
}
