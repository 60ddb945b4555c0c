/** Diary: what one client has received, in the order in which it came. It judges nothing but whether an event is whole. */
import { digestOf, type Ledger, seqOf } from './ledger.js';

/** One event as a client took it. */
export interface Received {
  readonly n: number;
  readonly id: string;
}

export class Diary {
  readonly received: Received[] = [];
  /** Events whose data is not what was sent. */
  readonly torn: string[] = [];
  readonly #ledger: Ledger;
  #last = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  take(id: string, data: string): void {
    this.note(id, Number.parseInt(data, 10), digestOf(data));
  }

  /** As `take`, for clients in other processes, which keep the digest alone. */
  note(id: string, n: number, digest: string): void {
    const sent = this.#ledger.sent(n);
    if (sent?.digest !== digest) this.torn.push(id);
    // The ledger's own string, where it is the same: a parser's strings can hold all the text that they were cut from.
    this.received.push({ n, id: sent?.id === id ? sent.id : id });
    this.#last = seqOf(id);
  }

  /** The place of the newest event, 0 before the first. */
  get last(): number {
    return this.#last;
  }
}
