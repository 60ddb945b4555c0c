/**
 * Other clients: real ones, over real connections, in the supervisor's process, so that they outlive the server. Each counts for
 * itself what it has received, and comes back by itself as every EventSource does.
 */
import { EventSource } from 'eventsource';
import { type Counter, count, isComplete, newCounter } from '../public/counter.js';
import type { CrowdStatus } from './keeper.js';
import type { Sample } from './sources.js';

interface Member {
  readonly source: EventSource;
  readonly counter: Counter;
}

export class Crowd {
  readonly #url: string;
  readonly #onChange: (status: CrowdStatus) => void;
  readonly #members: Member[] = [];
  readonly #timer: NodeJS.Timeout;

  /** `url` is a stream of telemetry. `onChange` is told every half second while there are clients, and at once when there are none. */
  constructor(url: string, onChange: (status: CrowdStatus) => void) {
    this.#url = url;
    this.#onChange = onChange;
    this.#timer = setInterval(() => {
      if (this.#members.length > 0) onChange(this.status);
    }, 500);
  }

  get status(): CrowdStatus {
    return {
      wanted: this.#members.length,
      open: this.#members.filter(({ source }) => source.readyState === source.OPEN).length,
      complete: this.#members.filter(({ counter }) => counter.received > 0 && isComplete(counter)).length,
      received: this.#members.reduce((sum, { counter }) => sum + counter.received, 0),
    };
  }

  gather(size: number): void {
    while (this.#members.length < size) this.#members.push(join(this.#url));
    for (const { source } of this.#members.splice(size)) source.close();
    this.#onChange(this.status);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { source } of this.#members.splice(0)) source.close();
  }
}

function join(url: string): Member {
  const member = { source: new EventSource(url), counter: newCounter() };
  member.source.addEventListener('telemetry', ({ data }) => {
    count(member.counter, (JSON.parse(data) as Sample).number);
  });
  // History that ended with a process (a store in memory) is announced: then the numbers begin anew.
  member.source.addEventListener('sse.reset', () => Object.assign(member.counter, newCounter()));
  return member;
}
