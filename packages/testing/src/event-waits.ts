/**
 * EventWaits: what every client here has received, and the ways to wait for more. They share one cursor: an event that one wait
 * returned is passed for all.
 */
import { nothingReceived, type Received, type ReceivedEvent } from './received.js';
import { Waits } from './waits.js';

/**
 * Ways to wait for what a stream brings. Each waits for a condition, never for a time, and rejects with a list of what was
 * received if `timeoutMs` is over or the stream has ended before. `next`, `take` and `until` move one shared cursor.
 * @example
 * const stream = await collect(url);
 * await stream.until('sse.open');
 * const [first, second] = await stream.take(2);
 * await stream.when(({ comments }) => comments.length > 0);
 */
export interface EventWaits {
  /** All events so far, whatever the cursor has passed. */
  readonly events: readonly ReceivedEvent[];
  /** The text of each comment line so far. */
  readonly comments: readonly string[];
  /** The last `retry` in milliseconds. */
  readonly retry: number | undefined;
  /** The id to resume from, '' before the first. */
  readonly lastEventId: string;
  /** The next event that no wait has passed yet. */
  next(): Promise<ReceivedEvent>;
  /** The next `count` events. */
  take(count: number): Promise<ReceivedEvent[]>;
  /** The next event of that type, or for which `match` is true; the cursor passes those before it. */
  until(match: string | ((event: ReceivedEvent) => boolean)): Promise<ReceivedEvent>;
  /** Resolves when `condition` is true. Looked at after each chunk, and once more when the stream ends. Moves no cursor. */
  when(condition: (client: this) => boolean): Promise<void>;
}

export abstract class WaitingClient implements EventWaits {
  protected readonly received: Received;
  protected readonly waits: Waits;
  #cursor = 0;

  constructor(timeoutMs: number, lastEventId = '') {
    this.received = nothingReceived(lastEventId);
    this.waits = new Waits(timeoutMs, () => this.report());
  }

  /** What was received so far, for errors. */
  protected abstract report(): string;

  get events(): readonly ReceivedEvent[] {
    return this.received.events;
  }

  get comments(): readonly string[] {
    return this.received.comments;
  }

  get retry(): number | undefined {
    return this.received.retry;
  }

  get lastEventId(): string {
    return this.received.lastEventId;
  }

  next(): Promise<ReceivedEvent> {
    return this.waits.add({ what: 'an event', ordered: true, caller: this.next }, () => this.#advance());
  }

  take(count: number): Promise<ReceivedEvent[]> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`take() needs a count of events, not ${String(count)}`);
    }
    return this.waits.add(
      { what: count === 1 ? '1 event' : `${count} events`, ordered: true, caller: this.take },
      () => {
        if (this.events.length - this.#cursor < count) return undefined;
        this.#cursor += count;
        return this.events.slice(this.#cursor - count, this.#cursor);
      },
    );
  }

  until(match: string | ((event: ReceivedEvent) => boolean)): Promise<ReceivedEvent> {
    const matches = typeof match === 'string' ? (event: ReceivedEvent) => event.event === match : match;
    const what = typeof match === 'string' ? `an event "${match}"` : `an event with ${source(match)}`;
    let seen = 0;
    return this.waits.add({ what, ordered: true, caller: this.until }, () => {
      for (seen = Math.max(seen, this.#cursor); seen < this.events.length; seen++) {
        const event = this.events[seen];
        if (event === undefined || !matches(event)) continue;
        this.#cursor = seen + 1;
        return event;
      }
      return undefined;
    });
  }

  async when(condition: (client: this) => boolean): Promise<void> {
    const what = `the condition ${source(condition)}`;
    await this.waits.add({ what, ordered: false, caller: this.when }, () => condition(this) || undefined);
  }

  /** Like `next`, but resolves to undefined once `isOver` says that no event is missing. */
  protected async nextUnless(isOver: () => boolean): Promise<ReceivedEvent | undefined> {
    const check = () => this.#advance() ?? (isOver() ? 'over' : undefined);
    const event = await this.waits.add({ what: 'an event', ordered: true, caller: this.nextUnless }, check);
    return event === 'over' ? undefined : event;
  }

  #advance(): ReceivedEvent | undefined {
    const event = this.events[this.#cursor];
    if (event !== undefined) this.#cursor += 1;
    return event;
  }
}

// A condition is most often one line, and says better than any words what was missing.
function source(fn: (...args: never[]) => unknown): string {
  const text = String(fn).replaceAll(/\s+/g, ' ');
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
