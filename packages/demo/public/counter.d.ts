/** What the supervisor's clients need of counter.js. */
export interface Counter {
  received: number;
  first: number;
  last: number;
  gaps: [from: number, to: number][];
  twice: number;
  disordered: number;
  since: number;
}

export function newCounter(now?: number): Counter;
export function count(counter: Counter, number: number): void;
export function missing(counter: Counter): number;
export function isComplete(counter: Counter): boolean;
