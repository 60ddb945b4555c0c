/**
 * Log: this process's view of the store's log. It connects, begins an epoch, tails into the ring, carries the fence, and
 * notices when the store has lost what this process has already seen.
 *
 * Invariant: the ring covers up to `head`, every id minted for a place at or below `head` uses the epoch in force there, and
 * nothing reaches the ring other than through the store's tail.
 */
import type { Clock, Timer } from './clock.js';
import { EpochList, type Invalid } from './epochs.js';
import { hasCode, SseError } from './errors.js';
import { formatEventId, newEpoch } from './event-id.js';
import { toFrame } from './frame.js';
import type { Observers } from './observer.js';
import type { ResolvedOptions } from './options.js';
import { Ring } from './ring.js';
import {
  type Appended,
  CONTROL_CHANNEL,
  type Entry,
  type LogState,
  type NewEntry,
  type Position,
  type Store,
  type Tail,
} from './store.js';
import { Waiters } from './waiters.js';
import { warmRing } from './warm.js';

/** What the hub wants to know. */
export interface LogEvents {
  /** The ring has new frames. */
  grown(): void;
  /** An entry of the control channel. */
  command(body: Uint8Array): void;
  /** Entries of the control channel that this process has not seen are gone. */
  commandsLost(): void;
  /** The process starts or restarts at `head`: the ring is empty below it. */
  moved(head: number): void;
  /**
   * The store lost entries. `before` is the list of epochs until now; `log.epochs` and `log.head` already show the new log, and
   * the ring is empty.
   */
  rolledBack(before: EpochList): void;
}

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

/** A process that missed more commands than that does better to let everybody be authorised anew. */
const MAX_COMMANDS = 1_000;

export class Log {
  readonly ring: Ring;
  epochs = new EpochList();
  /** Grows with every rollback and restart: whoever awaited something compares. */
  generation = 0;

  readonly #store: Store;
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #observers: Observers;
  readonly #events: LogEvents;
  #tail: Tail | undefined;
  #tailNo = 0;
  #connecting: Promise<void> | undefined;
  #failure: unknown;
  #failures = 0;
  #everConnected = false;
  #closed = false;
  #retryTimer: Timer | undefined;
  #checkTimer: Timer | undefined;
  /** The store's head at the last check, if this process was behind it then. */
  #behind = 0;
  readonly #waiters = new Waiters();

  constructor(options: ResolvedOptions, observers: Observers, events: LogEvents) {
    this.#store = options.store;
    this.#options = options;
    this.#clock = options.clock;
    this.#observers = observers;
    this.#events = events;
    this.ring = new Ring(options.ringEvents, options.ringBytes);
    this.connect().catch(() => {});
  }

  /** The newest place that this process has seen. */
  get head(): number {
    return this.ring.head;
  }

  /** How far this process was behind the store when it last looked. */
  get behind(): number {
    return Math.max(0, this.#behind - this.head);
  }

  /** Who waits for a place, or for the store. */
  get waiting(): number {
    return this.#waiters.size;
  }

  get isTailing(): boolean {
    return this.#tail !== undefined;
  }

  get failure(): unknown {
    return this.#failure;
  }

  idAt(seq: number): string {
    // A place's id uses the epoch in force at that place, not the newest: a client between two epochs must stay valid.
    return formatEventId(this.epochs.at(seq) ?? '0', seq);
  }

  /** Resolves once this process tails the store. Rejects with why the newest attempt failed; attempts go on by themselves. */
  connect(): Promise<void> {
    if (this.#tail) return Promise.resolve();
    if (this.#closed) return Promise.reject(new SseError('ERR_SSE_CLOSED', 'Cannot reach the log: the hub is closed'));
    if (this.#connecting) return this.#connecting;
    if (this.#retryTimer !== undefined) return Promise.reject(this.#unreachable());
    this.#connecting = this.#attempt().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Resolves once this process tails the store, however long that takes; rejects only when the hub closes. */
  async connected(): Promise<void> {
    while (!this.#tail) {
      if (this.#closed) throw new SseError('ERR_SSE_CLOSED', 'Cannot reach the log: the hub is closed');
      await this.connect().catch(() => this.#waiters.until(-1));
    }
  }

  /** Resolves once the tail has reached `seq`, or the caller must look again: the place may be gone (compare `head`). */
  reached(seq: number): Promise<void> {
    if (seq <= this.head) return Promise.resolve();
    return this.#waiters.until(seq);
  }

  /** Stores entries. A refused fence is handled and the append tried again: nothing was written. */
  async append(entries: readonly NewEntry[]): Promise<readonly Appended[]> {
    for (let tries = 0; ; tries++) {
      if (!this.#tail) await this.connect();
      const no = this.#tailNo;
      try {
        return await this.#store.append(entries, this.#here());
      } catch (error) {
        if (!hasCode(error, 'ERR_SSE_FENCED') || tries === 3) throw error;
        // Where the tail is another one by now, the refusal is old news.
        if (no === this.#tailNo) this.#drop(error);
        await this.connect();
      }
    }
  }

  /**
   * Waits until this process can judge `position` and says why it is not part of the log, or undefined. A client may come from a
   * process that is ahead of this one.
   */
  async locate(position: Position): Promise<Invalid | undefined> {
    for (;;) {
      await this.connected();
      const problem = this.epochs.problem(position, this.head);
      if (!problem) return undefined;
      const { generation } = this;
      const here = this.#here();
      const state = await this.#stateOrFailure();
      if (generation !== this.generation || !this.#tail) continue;
      if (!state) continue;
      const known = new EpochList(state.epochs);
      // This process itself stands in a log that is lost: that comes first, and nothing of the new one fits before it.
      if (known.problem(here, state.head)) {
        await this.check();
        continue;
      }
      const verdict = known.problem(position, state.head);
      // Valid in the store and not yet here: the tail will bring it.
      if (verdict) return verdict;
      if (position.seq > this.head) await this.reached(position.seq);
      else if (!this.#learn(state)) await this.check();
    }
  }

  /** Takes over epochs that this process did not know of. False where its own place, which the tail has moved meanwhile, does not fit. */
  #learn({ epochs, head }: LogState): boolean {
    // What began after the state was read stays.
    const learnt = new EpochList([...epochs, ...this.epochs.toArray().filter(({ start }) => start > head)]);
    const fits = learnt.at(this.head) === this.epochs.at(this.head);
    if (fits) this.epochs = learnt;
    return fits;
  }

  /** Something read from the store does not fit what this process has seen. Resolves once that is settled. */
  async check(): Promise<void> {
    // From before the call: the tail may go on while it is under way, and an older answer would look like a loss.
    const here = this.#here();
    const state = await this.#stateOrFailure();
    if (!state || !this.#tail || this.#closed) return;
    if (new EpochList(state.epochs).problem(here, state.head)) {
      this.#drop(new SseError('ERR_SSE_FENCED', `The store lost entries below ${here.seq}`));
      await this.connect().catch(() => {});
    } else if (this.head < this.#behind) {
      await this.#refill(
        new SseError('ERR_SSE_STORE', `The tail stands still at ${this.head}, the store is at ${state.head}`),
      );
    }
    this.#behind = state.head;
    // There is nothing above: who waits for more must look again.
    if (state.head <= this.head) this.#waiters.wake(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#closed = true;
    this.#tail?.stop();
    this.#tail = undefined;
    this.#tailNo++;
    if (this.#retryTimer !== undefined) this.#clock.clearTimer(this.#retryTimer);
    if (this.#checkTimer !== undefined) this.#clock.clearTimer(this.#checkTimer);
    this.#waiters.wake(Number.POSITIVE_INFINITY);
  }

  /** This process's own position: what the fence compares. */
  #here(): Position {
    const seq = this.head;
    return { epoch: this.epochs.at(seq) ?? '', seq };
  }

  async #attempt(): Promise<void> {
    try {
      for (;;) {
        const state = await this.#store.startEpoch(newEpoch(this.#options.random));
        if (this.#closed) return;
        await this.#settle(state);
        try {
          await this.#startTail();
          break;
        } catch (error) {
          if (hasCode(error, 'ERR_SSE_POSITION')) await this.#skipTo(await this.#store.state());
          // Refused once more: the store went back between the two calls. A new epoch first, then the rollback.
          else if (!hasCode(error, 'ERR_SSE_FENCED')) throw error;
        }
      }
      this.#failures = 0;
      this.#failure = undefined;
      this.#everConnected = true;
      // Those too who wait for a place above: the store may have lost it and nothing that this process has seen.
      this.#waiters.wake(Number.POSITIVE_INFINITY);
    } catch (error) {
      if (this.#closed) return;
      this.#failure = error;
      this.#observers.error(error, 'store');
      this.#retryLater();
      throw this.#unreachable();
    }
  }

  /** Takes the state after a connect: the first one, a good one, or one that lost entries. */
  async #settle(state: LogState): Promise<void> {
    if (!this.#everConnected) {
      await warmRing(this.ring, this.#store, state, this.#options.ringEvents);
      this.#restartAt(state);
      return;
    }
    const { epoch, seq } = this.#here();
    const before = this.epochs;
    const epochs = new EpochList(state.epochs);
    const isLost = epochs.problem({ epoch, seq }, state.head) !== undefined;
    const common = epochs.commonUpTo(before, Math.min(seq, state.head));
    const missed = isLost ? await this.#commandsIn(common, state.head) : [];
    this.epochs = epochs;
    if (!isLost) return;
    this.generation++;
    this.ring.clear(state.head);
    this.#observers.emit('rolledBack', { head: state.head });
    this.#events.rolledBack(before);
    this.#obey(missed);
    this.#waiters.wake(Number.POSITIVE_INFINITY);
  }

  /** Retention has dropped what came after the own place: history is the store's business until the ring has grown again. */
  async #skipTo(state: LogState): Promise<void> {
    // The store may have gone back since it refused the tail.
    const isLost = new EpochList(state.epochs).problem(this.#here(), state.head) !== undefined;
    if (isLost && this.#everConnected) return this.#settle(state);
    const missed = await this.#commandsIn(this.head, state.head);
    this.ring.clear(state.head);
    this.#restartAt(state);
    this.#obey(missed);
  }

  /** What the control channel said in `(after, upTo]`, which the tail will not bring; undefined where some of it is gone. */
  async #commandsIn(after: number, upTo: number): Promise<readonly Entry[] | undefined> {
    const { entries, floors, forgotten } = await this.#store.read(after, [CONTROL_CHANNEL], MAX_COMMANDS + 1);
    const isComplete = (floors.get(CONTROL_CHANNEL) ?? forgotten) <= after && entries.length <= MAX_COMMANDS;
    return isComplete ? entries.filter(({ seq }) => seq <= upTo) : undefined;
  }

  #obey(missed: readonly Entry[] | undefined): void {
    if (!missed) return this.#events.commandsLost();
    for (const { body } of missed) this.#events.command(body);
  }

  #restartAt(state: LogState): void {
    this.epochs = new EpochList(state.epochs);
    this.generation++;
    this.#events.moved(state.head);
    this.#waiters.wake(Number.POSITIVE_INFINITY);
  }

  async #startTail(): Promise<void> {
    const no = ++this.#tailNo;
    let begun = false;
    const early: Entry[] = [];
    const tail = await this.#store.tail(this.#here(), {
      entries: (entries) => {
        if (no !== this.#tailNo) return;
        if (begun) this.#take(entries);
        else early.push(...entries);
      },
      lost: (error) => {
        if (no === this.#tailNo) this.#lost(error);
      },
    });
    if (no !== this.#tailNo || this.#closed) {
      tail.stop();
      throw new SseError('ERR_SSE_STORE', 'The tail ended while it was put in place');
    }
    this.#tail = tail;
    begun = true;
    this.#scheduleCheck();
    if (early.length > 0) this.#take(early);
  }

  #take(entries: readonly Entry[]): void {
    let grown = false;
    for (const entry of entries) {
      if (entry.seq <= this.head) continue;
      if (entry.seq !== this.head + 1) {
        void this.#refill(new SseError('ERR_SSE_STORE', `The tail left out ${this.head + 1} to ${entry.seq - 1}`));
        break;
      }
      if (this.epochs.at(entry.seq) !== entry.epoch) this.epochs.begin(entry.epoch, entry.seq);
      this.ring.append(toFrame(entry));
      if (entry.channel === CONTROL_CHANNEL) this.#events.command(entry.body);
      grown = true;
    }
    if (!grown) return;
    this.#waiters.wake(this.head);
    this.#events.grown();
  }

  #lost(error: unknown): void {
    if (this.#closed) return;
    this.#observers.error(error, 'store');
    this.#drop(error);
    this.connect().catch(() => {});
  }

  /** The feed left something out or stands still: everything after our own place is asked for once more. Not a new connection, so no new epoch. */
  #refill(why: SseError): Promise<void> {
    this.#observers.error(why, 'store');
    this.#observers.emit('refilled');
    this.#drop(why);
    this.#connecting ??= this.#startTail()
      .catch(() => this.#attempt())
      .finally(() => {
        this.#connecting = undefined;
      });
    return this.#connecting.catch(() => {});
  }

  #drop(reason: unknown): void {
    this.#tailNo++;
    this.#tail?.stop();
    this.#tail = undefined;
    this.#failure = reason;
  }

  #retryLater(): void {
    const ceiling = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    const delay = ceiling * (0.5 + this.#options.random() / 2);
    this.#retryTimer = this.#clock.setTimer(() => {
      this.#retryTimer = undefined;
      this.connect().catch(() => {});
    }, delay);
    this.#waiters.wake(-1);
  }

  /** An idle process would not notice a rollback: nobody publishes through it, so no fence refuses it. */
  #scheduleCheck(): void {
    const { headCheckMs, random } = this.#options;
    if (headCheckMs === false || !this.#store.supports.shared) return;
    if (this.#checkTimer !== undefined) this.#clock.clearTimer(this.#checkTimer);
    this.#checkTimer = this.#clock.setTimer(
      () => {
        this.#checkTimer = undefined;
        // Where there is no tail now, the connection that is under way schedules the next check.
        void this.check().then(() => this.#tail && this.#scheduleCheck());
      },
      headCheckMs * (0.8 + 0.4 * random()),
    );
  }

  async #stateOrFailure(): Promise<LogState | undefined> {
    try {
      return await this.#store.state();
    } catch (error) {
      this.#observers.error(error, 'store');
      // The pace of the reconnection is the pace of whoever waits here.
      await new Promise<void>((wake) => {
        this.#clock.setTimer(wake, FIRST_RETRY_MS);
      });
      return undefined;
    }
  }

  #unreachable(): SseError {
    return new SseError(
      'ERR_SSE_STORE',
      `The store cannot be reached: ${(this.#failure as Error)?.message ?? this.#failure}`,
      {
        cause: this.#failure,
        statusCode: 503,
      },
    );
  }
}
