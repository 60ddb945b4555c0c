/**
 * SharedLog: the one log behind all processes, and what befalls it. What it does it does at once; the delay of every call is the
 * business of the ports.
 */
import type { MemoryLog } from '../../src/memory/log.js';
import type { Appended, LogState, NewEntry, Position } from '../../src/store.js';
import type { Port } from './port.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import type { Truth } from './truth.js';

/** How often the store fails, each as a probability. */
export interface Faults {
  /** A call fails and does nothing. */
  refuse: number;
  /** An append is stored and its answer is lost. */
  forgetAnswer: number;
}

/** What a store may get wrong between two transactions. */
export interface StoreBugs {
  /** A page's floors are from before its entries were read. */
  readonly floorsApart?: boolean;
}

export class SharedLog {
  readonly log: MemoryLog;
  readonly truth: Truth;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly channels: readonly string[];
  readonly faults: Faults;
  readonly bugs: StoreBugs;
  readonly ports = new Set<Port>();
  /** Grows when the log loses something: connections from before are broken then. */
  incarnation = 0;
  now = 1_000_000;

  constructor(parts: Pick<SharedLog, 'log' | 'truth' | 'random' | 'scheduler' | 'channels' | 'faults' | 'bugs'>) {
    this.log = parts.log;
    this.truth = parts.truth;
    this.random = parts.random;
    this.scheduler = parts.scheduler;
    this.channels = parts.channels;
    this.faults = parts.faults;
    this.bugs = parts.bugs;
  }

  startEpoch(epoch: string): LogState {
    const state = this.log.startEpoch(epoch);
    this.truth.epochStarted(state);
    return state;
  }

  append(entries: readonly NewEntry[], at: Position): readonly Appended[] {
    const written = this.log.append(entries, at, this.now);
    this.truth.append(written.entries);
    this.#lookAtFloors();
    if (written.entries.length > 0) for (const port of this.ports) port.feed(written.entries);
    return written.appended;
  }

  /** Applies retention by age and forgets idle channels. */
  sweep(): void {
    this.log.sweep(this.now);
    this.#lookAtFloors();
  }

  /**
   * An older copy takes over. Every connection breaks with it; `hidden` ones do not notice, as behind a proxy, and only the fence
   * stands between their process and the new log.
   */
  rollback(toSeq: number, isHidden: (port: Port) => boolean): void {
    this.log.rollback(toSeq);
    this.truth.rollback(toSeq);
    this.#breakConnections(isHidden);
  }

  wipe(isHidden: (port: Port) => boolean): void {
    this.log.wipe();
    this.truth.wipe();
    this.#breakConnections(isHidden);
  }

  #breakConnections(isHidden: (port: Port) => boolean): void {
    this.incarnation++;
    for (const port of this.ports) port.break(isHidden(port));
  }

  #lookAtFloors(): void {
    const { floors } = this.log.read(0, this.channels, 0);
    for (const [channel, floor] of floors) if (floor > 0) this.truth.trimmed(channel, floor);
  }
}
