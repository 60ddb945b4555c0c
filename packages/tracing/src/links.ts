/** Links: from a span to those that published what it is about. Bounded: the newest, and how many there were. */
import type { TraceContext } from '@headwater/core';
import type { Link } from '@opentelemetry/api';
import { parseTraceContext } from './trace-context.js';

export class Links {
  readonly #max: number;
  #newest: readonly TraceContext[] = [];
  #total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(traces: readonly TraceContext[] = []): this {
    this.#total += traces.length;
    this.#newest = this.#max === 0 ? [] : [...this.#newest, ...traces].slice(-this.#max);
    return this;
  }

  /** How many there are too many. */
  get dropped(): number {
    return this.#total - this.#newest.length;
  }

  toArray(): Link[] {
    return this.#newest.flatMap(({ traceparent, tracestate }) => {
      const context = parseTraceContext(traceparent, tracestate);
      return context ? { context } : [];
    });
  }
}
