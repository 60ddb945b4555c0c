/**
 * ConnectionLog: an observer that writes one line when a stream opens, one when it ends, and one for each failure, as far as the
 * line limit lets it. Invariant: a logger that throws breaks nothing.
 */
import type { Clock } from '../clock.js';
import type { Connection } from '../connection.js';
import type { CloseReason, Denial, ErrorSource, Observer, Resume } from '../observer.js';
import { factsOf, oneLine, type RequestFacts } from '../request-facts.js';
import { causeOfDenial, causeOfEnd, causeOfError, type FailureCause, levelOf } from './cause.js';
import { LineLimit } from './line-limit.js';
import type { Logger } from './logger.js';

/** Where lines go, and what is told in them. */
export interface LogTarget {
  /** For the lines on opening and end; undefined where there are to be none. */
  readonly streams: (connection: Connection) => Logger | undefined;
  /** For failures; undefined where somebody else writes the line. */
  readonly failures: (connection: Connection | undefined) => Logger | undefined;
  readonly principal: (connection: Connection) => string | undefined;
  readonly route: ((connection: Connection) => string | undefined) | undefined;
  readonly clock: Clock;
}

/** What is kept of an open stream: its socket knows nothing any more when it ends. */
interface Noted {
  readonly facts: RequestFacts;
  isTold: boolean;
  resume: Resume | undefined;
  resets: number;
  cause: FailureCause | undefined;
}

type End = { reason: CloseReason; detail: string | undefined; durationMs: number };

export class ConnectionLog implements Observer {
  readonly #target: LogTarget;
  readonly #limit: LineLimit;
  readonly #noted = new WeakMap<Connection, Noted>();
  #hasFailed = false;

  constructor(target: LogTarget) {
    this.#target = target;
    this.#limit = new LineLimit(target.clock);
  }

  opened(connection: Connection): void {
    if (!this.#target.streams(connection)) return;
    const noted = { facts: this.#facts(connection), isTold: false, resume: undefined, resets: 0, cause: undefined };
    this.#noted.set(connection, noted);
    // Who subscribes does so in the turn that opens: its line waits for how it came to its place.
    queueMicrotask(() => {
      if (connection.channels.length === 0) this.#tellOpened(connection, noted);
    });
  }

  resumed(connection: Connection, { resume, behind }: { resume: Resume; behind: number }): void {
    const noted = this.#noted.get(connection);
    if (!noted) return;
    noted.resume = resume;
    this.#tellOpened(connection, noted, behind);
  }

  reset(connection: Connection): void {
    const noted = this.#noted.get(connection);
    if (noted) noted.resets++;
  }

  closed(connection: Connection, { reason, detail, durationMs }: End): void {
    const noted = this.#noted.get(connection);
    if (!noted) return;
    this.#tellOpened(connection, noted);
    this.#noted.delete(connection);
    const { events, bytes } = connection.sent;
    const cause = reason === 'error' ? (noted.cause ?? causeOfEnd(reason)) : causeOfEnd(reason);
    const sse = {
      ...this.#fields(connection, noted),
      reason,
      detail: detail === undefined ? undefined : oneLine(detail),
      cause,
      durationMs: Math.round(durationMs),
      events,
      bytes,
      lag: noted.resume === undefined ? undefined : connection.lag,
      resets: noted.resets || undefined,
    };
    // A failure that ended it has had a line of its own.
    const level = noted.cause === cause ? 'info' : levelOf(cause);
    this.#write(() => this.#target.streams(connection)?.[level]({ sse }, 'event stream closed'));
  }

  refused(connection: Connection, why: string): void {
    // A subscription that rejects a reset ends the same way.
    const cause = why.startsWith('Cannot resume') ? 'history_gone' : 'refused';
    this.#tellFailure(cause, connection, { detail: oneLine(why) }, `event stream refused: ${oneLine(why)}`);
  }

  denied({ why, detail, connection, request }: Denial): void {
    // A stream that was revoked has a line for its end.
    if (why === 'revoked' && connection && connection.sent.bytes > 0) return;
    const text = oneLine(detail);
    const facts = connection || request === undefined ? {} : factsOf(request);
    this.#tellFailure(causeOfDenial(why), connection, { ...facts, detail: text }, `event stream denied: ${text}`);
  }

  error(error: unknown, source: ErrorSource, connection?: Connection): void {
    const cause = causeOfError(error, source);
    const noted = connection && this.#noted.get(connection);
    if (noted) noted.cause = cause;
    const text = error instanceof Error ? oneLine(error.message) : 'event stream failed';
    this.#tellFailure(cause, connection, { source }, text, { error });
  }

  #tellOpened(connection: Connection, noted: Noted, behind?: number): void {
    if (noted.isTold) return;
    noted.isTold = true;
    const sse = { ...this.#fields(connection, noted), behind };
    this.#write(() => this.#target.streams(connection)?.info({ sse }, 'event stream opened'));
  }

  #tellFailure(
    cause: FailureCause,
    connection: Connection | undefined,
    fields: object,
    text: string,
    failed?: { readonly error: unknown },
  ): void {
    this.#write(() => {
      const logger = this.#target.failures(connection);
      if (!logger) return;
      const suppressed = this.#limit.take(cause);
      if (suppressed === undefined) return;
      const noted = connection && this.#noted.get(connection);
      const about = connection && this.#fields(connection, noted ?? { facts: this.#facts(connection) });
      const sse = { ...about, cause, ...fields, suppressed: suppressed || undefined };
      // To be denied is no error of the server; that nobody could be asked is.
      const level = failed && cause === 'auth_failed' ? 'error' : levelOf(cause);
      logger[level](failed ? { err: failed.error, sse } : { sse }, text);
    });
  }

  #facts(connection: Connection): RequestFacts {
    const facts = factsOf(connection.request);
    const { route } = this.#target;
    return route ? { ...facts, route: this.#ask(route, connection) } : facts;
  }

  #fields(connection: Connection, { facts, resume }: Pick<Noted, 'facts'> & Partial<Noted>): object {
    return {
      connection: connection.id,
      ...facts,
      principal: this.#ask(this.#target.principal, connection),
      channels: connection.channels.length,
      resume,
    };
  }

  /** A function of the application's. */
  #ask(get: (connection: Connection) => string | undefined, connection: Connection): string | undefined {
    let text: string | undefined;
    this.#write(() => {
      const value = get(connection);
      text = value === undefined || value === null ? undefined : oneLine(String(value));
    });
    return text;
  }

  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.emitWarning(`The logger of event streams failed, later failures are not told: ${text}`, {
        type: 'HeadwaterWarning',
      });
    }
  }
}
