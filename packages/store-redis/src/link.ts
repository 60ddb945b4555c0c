/**
 * Link: the connection that a store's calls go through. It is made with the first call, and made again for as long as the store is
 * open.
 * Invariant: a call is sent once or not at all, and never kept for later: while there is no connection it fails at once, but for
 * the moment in which one is being made.
 */
import { asError, Reconnecting } from '@headwater/core/store-kit';
import type { Argument, Connector } from './client.js';
import { Session } from './session.js';

export class Link {
  readonly #connect: Connector;
  readonly #timeoutMs: number;
  readonly #greet: (session: Session) => Promise<void>;
  readonly #sessions: Reconnecting<Session>;

  /** `greet` is given each new connection before anything else; where it rejects the connection is not used. */
  constructor(connect: Connector, timeoutMs: number, greet: (session: Session) => Promise<void>) {
    this.#connect = connect;
    this.#timeoutMs = timeoutMs;
    this.#greet = greet;
    this.#sessions = new Reconnecting({
      server: 'Redis',
      open: () => this.#open(),
      end: (session, error) => session.end(error),
    });
  }

  async send(args: readonly Argument[]): Promise<unknown> {
    const session = this.#sessions.current ?? (await this.#sessions.get());
    try {
      return await session.send(args, this.#timeoutMs);
    } catch (error) {
      // What was the primary is a replica by now: the same address may already lead to the new one.
      if (error instanceof Error && error.message.startsWith('READONLY')) session.end(error);
      throw error;
    }
  }

  /** The server seems silent elsewhere: gives this connection up unless it answers within `ms`. */
  probe(ms: number): void {
    this.#sessions.current?.send(['PING'], ms).catch(() => {});
  }

  /** For good. What is under way is rejected with `error`. */
  close(error: Error): void {
    this.#sessions.close(error);
  }

  async #open(): Promise<Session> {
    const onEnd = (error: Error) => this.#sessions.lost(session, error);
    const session: Session = await Session.open(this.#connect, this.#timeoutMs, onEnd);
    try {
      await this.#greet(session);
      if (session.isOver) throw new Error('the connection was lost at once');
      return session;
    } catch (error) {
      session.end(asError(error));
      throw error;
    }
  }
}
