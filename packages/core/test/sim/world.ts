/** World: everything of one run: one log, two processes, some clients, and time. */
import type { HubOptions } from '../../src/options.js';
import { Client, type Habits, type State, type Wanted } from './client.js';
import { type Guide, makePlan, type Plan } from './plan.js';
import { Process } from './process.js';
import { processClock } from './process-clock.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { SharedLog, type StoreBugs } from './shared-log.js';
import type { Subject } from './subject.js';
import { Truth } from './truth.js';

export interface RunOptions {
  readonly guide?: Guide | undefined;
  readonly store?: StoreBugs | undefined;
  /** Filled with what happened, for people. */
  readonly trace?: string[] | undefined;
}

export class World {
  readonly random: Random;
  readonly plan: Plan;
  readonly truth = new Truth();
  readonly scheduler: Scheduler;
  readonly shared: SharedLog;
  readonly processes: [Process, Process];
  readonly clients: Client[];
  readonly trace: string[] | undefined;
  /** What went wrong where nobody could be told. */
  failure: unknown;
  /** The key of each message that was published, by token. Token 0 is nobody's. */
  readonly keys: (string | undefined)[] = [undefined];
  readonly #subject: Subject;
  #processes = 0;

  constructor(subject: Subject, seed: number, options: RunOptions = {}) {
    this.#subject = subject;
    this.trace = options.trace;
    this.random = new Random(seed);
    this.plan = makePlan(this.random, options.guide);
    this.scheduler = new Scheduler(this.random);
    this.shared = new SharedLog({
      log: new subject.MemoryLog(this.plan.retention),
      truth: this.truth,
      random: this.random,
      scheduler: this.scheduler,
      channels: this.plan.channels,
      faults: { ...this.plan.faults },
      bugs: options.store ?? {},
    });
    this.processes = [this.#startProcess(0), this.#startProcess(1)];
    this.clients = Array.from({ length: this.plan.clients }, (_, i) => this.#makeClient(`client ${i}`));
  }

  /** Runs every promise that is ready: a turn of the real event loop has nothing else to do. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  pass(ms: number): void {
    this.shared.now += ms;
    for (const { clock } of this.processes) clock.advance(ms);
  }

  restart(index: 0 | 1): void {
    const before = this.processes[index];
    before.stop();
    for (const { connection, transport } of before.streams.values()) if (!connection.isOpen) transport.cut();
    this.processes[index] = this.#startProcess(index);
  }

  note(what: () => string): void {
    this.trace?.push(what());
  }

  /** How a channel is subscribed to. Who rejects resets does so for all channels: otherwise the stream has begun before it can. */
  makeWanted({ control, rejects }: Pick<Habits, 'control' | 'rejects'>): Wanted {
    const { random } = this;
    const onReset = rejects
      ? 'reject'
      : random.pick([undefined, undefined, control ? 'snapshot' : 'earliest', 'earliest', 'live'] as const);
    return {
      ...(onReset && { onReset }),
      onLag: random.pick(['replay', 'replay', 'skip', 'disconnect'] as const),
      from: random.pick(['now', 'now', 'earliest'] as const),
    };
  }

  #makeClient(name: string): Client {
    const { random, plan } = this;
    const habits: Habits = {
      control: random.chance(0.85),
      rejects: random.chance(0.05),
      links: random.chance(0.2),
      pings: random.chance(0.5),
      without: random.chance(0.15) ? 3 : undefined,
      provided: plan.provided,
    };
    const client = new Client(this.#subject, this.truth, name, habits);
    const alike = this.makeWanted(habits);
    for (const channel of random.some(plan.channels)) {
      client.wanted.set(channel, random.chance(0.6) ? alike : this.makeWanted(habits));
    }
    return client;
  }

  #startProcess(index: 0 | 1): Process {
    const { plan, random, shared } = this;
    const clock = processClock(shared.now, plan.slowMs, random);
    const name = `p${++this.#processes}`;
    const options: HubOptions =
      plan.provided.length > 0
        ? { ...plan.hub, snapshot: (channel) => this.#provide(channel, this.processes[index]) }
        : plan.hub;
    const process = new Process(this.#subject, shared, { name, clock, lag: plan.lags[index] as number, options });
    process.onError = (error) => this.note(() => `    ${name} reports ${(error as Error).message}`);
    return process;
  }

  /** The application's own state: everything that was published, by any process. */
  #provide(channel: string, { core }: Process): unknown {
    if (!this.plan.provided.includes(channel)) return undefined;
    const { random, truth, scheduler, plan } = this;
    const from = core.flusher.to;
    const now: State = { covers: truth.head.no, from };
    if (random.chance(0.2)) return now;
    return new Promise((resolve, reject) => {
      const run = () => {
        if (this.shared.faults.refuse > 0 && random.chance(0.1)) reject(new Error('Simulated: the provider failed'));
        else resolve(random.chance(0.5) ? now : { covers: truth.head.no, from });
      };
      scheduler.add({ what: `provider of ${channel} answers`, run, lag: plan.providerLag });
    });
  }
}
