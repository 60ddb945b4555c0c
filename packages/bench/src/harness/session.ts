/** Session: one contender in a process of its own, its clients in another, from start to end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientApi, Received } from '../client/client.js';
import type { ContenderName } from '../contenders/index.js';
import type { Spent } from '../server/gauges.js';
import type { Published } from '../server/publisher.js';
import type { ServerApi } from '../server/server.js';
import { Child } from './rpc.js';
import { Usage } from './usage.js';

const WARM_UP_EVENTS = 30;
/** How long the last events may take to arrive. */
const DRAIN_MS = 15_000;
/** No step of a session takes longer, unless something is broken. */
const LONGEST_MS = 180_000;

export interface Setup {
  readonly contender: ContenderName;
  readonly clients: number;
  readonly bytes: number;
  /** Folder for CPU profiles of the server. */
  readonly profile?: string | undefined;
}

/** One measurement, from both sides. */
export interface Measured {
  readonly published: Published;
  readonly received: Received;
  readonly spent: Spent;
  /** Events that every client should have got, times the clients. */
  readonly wanted: number;
  /** Cores that were used by something else. */
  readonly others: number;
}

export class Session {
  readonly server: Child<ServerApi>;
  readonly client: Child<ClientApi>;
  readonly #setup: Setup;
  #port: number | undefined;
  #published = 0;

  private constructor(setup: Setup) {
    const profiling = setup.profile ? ['--cpu-prof', `--cpu-prof-dir=${setup.profile}`] : [];
    this.server = new Child<ServerApi>('server', ['--expose-gc', ...profiling]);
    this.client = new Child<ClientApi>('client');
    this.client.onNews = ({ complete }) => this.server.tell('arrived', complete as number);
    this.#setup = setup;
  }

  /** A session for the time of `use`. Nothing is started before `open()`. */
  static async with<Result>(setup: Setup, use: (session: Session) => Promise<Result>): Promise<Result> {
    const session = new Session(setup);
    const timeout = sleep(LONGEST_MS, undefined, { ref: false }).then(() => {
      throw new Error(`took longer than ${LONGEST_MS / 1000} s`);
    });
    try {
      return await Promise.race([use(session), timeout]);
    } finally {
      await Promise.all([session.client.stop(), session.server.stop()]);
    }
  }

  /**
   * Starts the contender, opens all streams and sends some events, after which everyone is known to be subscribed. Before there
   * are streams `rehearsal` events are published to nobody.
   */
  async open({ rehearsal = 0 }: { rehearsal?: number } = {}): Promise<void> {
    await this.connect(0);
    await this.server.call('rehearse', rehearsal);
    await this.connect(this.#setup.clients);
    await this.lockstep(WARM_UP_EVENTS);
  }

  /** Opens `clients` more streams. */
  async connect(clients: number): Promise<void> {
    const { contender, bytes } = this.#setup;
    this.#port ??= await this.server.call('start', { contender, bytes });
    await this.client.call('open', { port: this.#port, clients, bytes });
  }

  /** The next event is published once all clients have the one before. */
  async lockstep(count: number): Promise<Published> {
    await this.client.call('lockstep', true);
    const published = await this.server.call('lockstep', count);
    await this.client.call('lockstep', false);
    this.#published += count;
    return published;
  }

  atRate(plan: { rate: number; seconds: number }): Promise<Published> {
    return this.#counted(this.server.call('atRate', plan));
  }

  flood(plan: { seconds: number; inFlight: number }): Promise<Published> {
    return this.#counted(this.server.call('flood', plan));
  }

  /** Measures `publish` until every client has every event, or has been given enough time. `clients` of them count. */
  async measure(
    publish: () => Promise<Published>,
    { samples = false, clients = this.#setup.clients }: { samples?: boolean; clients?: number } = {},
  ): Promise<Measured> {
    const usage = new Usage();
    await this.client.call('begin');
    await this.server.call('begin', { samples });
    const published = await publish();
    await this.client.call('until', { seq: this.#published, timeoutMs: DRAIN_MS });
    const spent = await this.server.call('end');
    const received = await this.client.call('end');
    const others = usage.others(spent.cpuMs + received.cpuMs);
    return { published, received, spent, wanted: published.published * clients, others };
  }

  async #counted(publishing: Promise<Published>): Promise<Published> {
    const published = await publishing;
    this.#published += published.published;
    return published;
  }
}
