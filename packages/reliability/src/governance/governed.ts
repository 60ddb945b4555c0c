/** Governed: a server process that ends in order, and tells how long that took. */

import { freePort } from '@headwater/services';
import { Child } from '../harness/child-process.js';
import type { Framework } from '../harness/server.js';
import type { StoreSpec } from '../stores/store.js';
import type { Trial } from '../trial.js';

/** What `children/governed` is told. JSON. */
export interface GovernedSetup {
  readonly framework: Framework;
  readonly port: number;
  readonly store: StoreSpec;
  /** As of `shutdownOnSignals`. */
  readonly windowMs: number;
  readonly delayMs: number;
}

type GovernedOptions = Pick<GovernedSetup, 'framework' | 'windowMs'> &
  Partial<Pick<GovernedSetup, 'delayMs' | 'store'>>;

export class Governed {
  readonly setup: GovernedSetup;
  #child: Child;

  private constructor(setup: GovernedSetup, child: Child) {
    this.setup = setup;
    this.#child = child;
  }

  /** Over the trial's store; killed with the trial, if it is still there. */
  static async start(trial: Trial, { delayMs = 0, store = trial.spec(), ...rest }: GovernedOptions): Promise<Governed> {
    const setup = { ...rest, port: await freePort(), store, delayMs };
    const governed = new Governed(setup, await launch(setup));
    trial.defer(() => governed.#child.kill());
    return governed;
  }

  get port(): number {
    return this.setup.port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  stream(channels: readonly string[]): string {
    return `${this.origin}/events?channels=${channels.join(',')}`;
  }

  /** SIGTERM. Resolves to the milliseconds that it took to be gone. */
  async stop(): Promise<number> {
    const begun = performance.now();
    await this.#child.stop();
    return performance.now() - begun;
  }

  /** Starts it again, on its port. */
  async restart(): Promise<void> {
    this.#child = await launch(this.setup);
  }

  /** `hub.shed`. Resolves to the number of streams. */
  async shed(share: number, windowMs: number): Promise<number> {
    const answer = await fetch(`${this.origin}/shed?share=${share}&windowMs=${windowMs}`, { method: 'POST' });
    return (await answer.json()) as number;
  }
}

async function launch(setup: GovernedSetup): Promise<Child> {
  const [child] = await Child.start<{ listening: true }>('governed', setup);
  return child;
}
