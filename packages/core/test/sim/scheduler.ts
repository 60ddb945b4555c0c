/** Scheduler: what is on its way somewhere, and arrives in an order that chance decides. Nothing moves by itself. */
import type { Random } from './random.js';

export interface Task {
  readonly what: string;
  /** Called at most once. */
  run(): void;
  /** How likely it is passed over for now, 0 to 1. */
  readonly lag?: number;
}

export class Scheduler {
  readonly #random: Random;
  #tasks: Task[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#tasks.length;
  }

  add(task: Task): void {
    this.#tasks.push(task);
  }

  /** Takes every waiting task away that passes `test`. */
  take(test: (task: Task) => boolean): Task[] {
    const taken = this.#tasks.filter(test);
    if (taken.length > 0) this.#tasks = this.#tasks.filter((task) => !test(task));
    return taken;
  }

  /** Runs one task. Returns what it was, undefined where none waits. */
  step(): string | undefined {
    if (this.#tasks.length === 0) return undefined;
    let chosen = this.#random.below(this.#tasks.length);
    if (this.#random.chance(this.#tasks[chosen]?.lag ?? 0)) chosen = this.#random.below(this.#tasks.length);
    const [task] = this.#tasks.splice(chosen, 1);
    task?.run();
    return task?.what;
  }
}
