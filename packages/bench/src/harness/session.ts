/** Session: one contender in a process of its own, its clients in another, from start to end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientApi } from '../client/client.js';
import type { Published } from '../server/publisher.js';
import type { ServerApi } from '../server/server.js';
import type { History } from '../stores/history.js';
import { Child } from './rpc.js';
import type { Behind, Measured, Setup } from './setup.js';
import { Usage } from './usage.js';

const WARM_UP_EVENTS = 30;
/** How long the last events may take to arrive, and how long those that were missed. */
const DRAIN_MS = 15_000;
const COMEBACK_MS = 60_000;
/** No step of a session takes longer, unless something is broken. */
const LONGEST_MS = 180_000;

export class Session {
  readonly client: Child<ClientApi>;
  readonly #setup: Setup;
  #server: Child<ServerApi>;
  /** The server that the clients are with, where it is not the one that publishes. */
  readonly #edge: Child<ServerApi> | undefined;
  #port: number | undefined;
  #history: History | undefined;
  #published = 0;

  private constructor(setup: Setup) {
    this.#setup = setup;
    this.#server = this.#newServer();
    this.#edge = setup.isRelayed ? this.#newServer() : undefined;
    this.client = new Child<ClientApi>('client');
    this.client.onNews = ({ complete }) => this.server.tell('arrived', complete as number);
  }

  /** The process that publishes. */
  get server(): Child<ServerApi> {
    return this.#server;
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
      await Promise.all([session.client.stop(), session.server.stop(), session.#edge?.stop()]);
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
    const port = await this.#start();
    await this.client.call('open', { port, clients, bytes: this.#setup.bytes });
  }

  /** Fills the log before a hub has it; where that is possible in a process that ends, so that nothing of it is measured. */
  async fill(events: number): Promise<void> {
    const { store, bytes } = this.#setup;
    if (!store) throw new Error('Only a store has a history');
    this.#history = await this.server.call('fill', { store, events, bytes });
    this.#published = events;
    if (store.kind !== 'memory') await this.#replaceServer();
  }

  /** Another server process takes over, with the same store. A store in memory stays where it is and gets another hub. */
  async restart(): Promise<void> {
    if (this.#setup.store?.kind === 'memory') return this.server.call('restartHub');
    await this.#replaceServer();
    await this.#start();
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
  measure(
    publish: () => Promise<Published>,
    { samples = false, clients = this.#setup.clients }: { samples?: boolean; clients?: number } = {},
  ): Promise<Measured> {
    return this.#measure(samples, async () => {
      const published = await publish();
      return { published, wanted: published.published * clients };
    });
  }

  /** Measures how `clients` more streams are opened. */
  measureOpening(clients: number): Promise<Measured> {
    return this.#measure(false, async () => {
      await this.connect(clients);
      return { wanted: 0 };
    });
  }

  /** Measures `clients` streams that come back behind the history until each has what it lacks. */
  async comeBack(clients: number, behind: Behind): Promise<Measured> {
    const history = this.#history as History;
    const { bytes } = this.#setup;
    const port = await this.#start();
    const act = async () => ({
      wanted: await this.client.call('comeBack', { port, clients, bytes, history, ...behind }),
    });
    return this.#measure(false, act, COMEBACK_MS);
  }

  /** What is published in `act`, and how much of anything the clients should get. */
  async #measure(
    samples: boolean,
    act: () => Promise<{ published?: Published; wanted: number }>,
    timeoutMs: number = DRAIN_MS,
  ): Promise<Measured> {
    const usage = new Usage();
    const besideAt = await this.#besideMs();
    await this.client.call('begin');
    await this.server.call('begin', { samples });
    const done = await act();
    await this.client.call('until', { seq: this.#published, timeoutMs });
    const spent = await this.server.call('end');
    const received = await this.client.call('end');
    const besideMs = (await this.#besideMs()) - besideAt;
    return { ...done, received, spent, besideMs, others: usage.others(spent.cpuMs + received.cpuMs + besideMs) };
  }

  /** Answers with the port that the clients go to. */
  async #start(): Promise<number> {
    const { contender, bytes, store, ringEvents } = this.#setup;
    const plan = { contender, bytes, store, ringEvents, first: this.#published };
    if (this.#port === undefined) {
      this.#port = await this.server.call('start', plan);
      if (this.#edge) this.#port = await this.#edge.call('start', plan);
    }
    return this.#port;
  }

  #newServer(): Child<ServerApi> {
    const { profile } = this.#setup;
    const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
    return new Child<ServerApi>('server', ['--expose-gc', ...profiling]);
  }

  async #replaceServer(): Promise<void> {
    await this.server.stop();
    this.#server = this.#newServer();
    this.#port = undefined;
  }

  async #besideMs(): Promise<number> {
    const { place } = this.#setup;
    return ((await place?.cpuMs()) ?? 0) + ((await this.#edge?.call('cpuMs')) ?? 0);
  }

  async #counted(publishing: Promise<Published>): Promise<Published> {
    const published = await publishing;
    this.#published += published.published;
    return published;
  }
}
