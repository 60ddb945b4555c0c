/** What the store suite is told about the store that it checks. Public. */
import type { Clock, Retention, Store, StoreSupports } from '@headwater/core';

/** What a test asks of the store that it is given. */
export interface StoreSetup {
  /** Names the log. Each test has its own; asked for again, it is another handle on the same log, or the same log reopened. */
  readonly name: string;
  /** Where the store takes all its time from (see {@link StoreSuiteOptions.usesClock}). */
  readonly clock: Clock;
  /** The retention that the test relies on. `false` is no bound: the store must then trim nothing. */
  readonly retention: Retention;
}

/** Options of `storeSuite`. */
export interface StoreSuiteOptions {
  /** Registers a test: the `test` of Vitest or node:test, the `it` of Mocha, or any function like them. */
  readonly test: (name: string, fn: () => Promise<void>) => unknown;
  /**
   * Registers a test that this store cannot run; its name says why. By default `test` with an empty body, so that what was
   * skipped is listed. Give the `test.skip` of your runner to have it counted as skipped.
   */
  readonly skip?: ((name: string, fn: () => Promise<void>) => unknown) | undefined;
  /**
   * Opens a store. Called with a new `name` for each test, and where `supports` says `shared` or `durable` also with one that it
   * has seen: it must then open the same log. The suite closes every store that it was given.
   */
  readonly factory: (setup: StoreSetup) => Store | Promise<Store>;
  /** What the store supports. The suite skips by it, and checks that the store says the same of itself. */
  readonly supports: StoreSupports;
  /**
   * Whether the store takes its time from `setup.clock`. Default true. With false (the time is a server's, say) the clock is the
   * system's, and the tests that need minutes or days to pass are skipped.
   */
  readonly usesClock?: boolean | undefined;
  /**
   * Makes the store apply its retention and expiry now. Without it the suite moves the clock, reads again and waits up to
   * `patienceMs` for what retention should have trimmed, which is enough for a store that trims as it appends or by a timer.
   */
  readonly sweep?: ((store: Store) => unknown) | undefined;
  /**
   * Makes the log lose every entry and every epoch above `toSeq`, as a failover to an older copy does, and the connections to it.
   * It may take its time, and restart a server: afterwards the suite waits up to `patienceMs` until every open handle, which has
   * to reconnect by itself, answers `state` with the head at `toSeq`. Without `checkpoint` nothing else may be lost, the cursors
   * of clients say. Without it the tests of rollbacks are skipped.
   */
  readonly rollback?: ((store: Store, toSeq: number) => unknown) | undefined;
  /**
   * Called where a test has brought the log to the `toSeq` of the rollback that follows, so that the store can be copied now and
   * the copy put in its place by `rollback`. Everything saved in between (snapshots, items, cursors, keys) may then be lost too.
   */
  readonly checkpoint?: ((store: Store) => unknown) | undefined;
  /** Called after each test, once its stores are closed: drop its log here. */
  readonly cleanup?: ((setup: StoreSetup) => unknown) | undefined;
  /** How long the suite waits for what a store does in its own time (a tail, retention) before the test fails. Default 2,000 ms. */
  readonly patienceMs?: number | undefined;
}
