/** Record: what a hub's observers were told, for tests that look at the server's side. */
import type { CloseReason, Connection, ErrorSource, Observer, ResetReason, Resume } from '@headwater/core';

export interface Closed {
  readonly connection: Connection;
  readonly reason: CloseReason;
  readonly detail: string | undefined;
}

export class Record implements Observer {
  readonly opens: Connection[] = [];
  readonly closes: Closed[] = [];
  readonly refusals: string[] = [];
  readonly resumes: Resume[] = [];
  readonly resets: ResetReason[] = [];
  readonly lags: Connection[] = [];
  readonly errors: { error: unknown; source: ErrorSource }[] = [];
  /** Writes of all flushes. */
  writes = 0;

  opened(connection: Connection): void {
    this.opens.push(connection);
  }

  closed(connection: Connection, { reason, detail }: { reason: CloseReason; detail: string | undefined }): void {
    this.closes.push({ connection, reason, detail });
  }

  refused(_connection: Connection, why: string): void {
    this.refusals.push(why);
  }

  resumed(_connection: Connection, { resume }: { resume: Resume }): void {
    this.resumes.push(resume);
  }

  reset(_connection: Connection, { reason }: { reason: ResetReason }): void {
    this.resets.push(reason);
  }

  lagged(connection: Connection): void {
    this.lags.push(connection);
  }

  flushed({ writes }: { writes: number }): void {
    this.writes += writes;
  }

  error(error: unknown, source: ErrorSource): void {
    this.errors.push({ error, source });
  }
}
