/**
 * Link: the session that a store's calls go through. It is made with the first call, and made again for as long as the store is
 * open.
 * Invariant: while there is no session a call fails at once, but for the moment in which one is being made.
 */
import { Reconnecting } from '@headwater/core/store-kit';
import type { Replica } from './mirror.js';
import { Session, type SessionParts } from './session.js';

export class Link {
  readonly #parts: SessionParts;
  readonly #sessions: Reconnecting<Session>;
  /** Of the last session: what the next one need not read again. */
  #replica: Replica | undefined;

  /** `onLost` is told why each session ends that had come about. */
  constructor(parts: SessionParts, onLost: (error: Error) => void) {
    this.#parts = parts;
    this.#sessions = new Reconnecting({
      server: 'NATS',
      open: () => this.#open(),
      end: (session, error) => session.end(error),
      onLost,
    });
  }

  /** The session, or the one that is being made. Rejects where there is none. */
  session(): Promise<Session> {
    return this.#sessions.get();
  }

  /** For good. What is under way is rejected with `error`. */
  close(error: Error): void {
    this.#sessions.close(error);
  }

  async #open(): Promise<Session> {
    const onEnd = (error: Error) => this.#sessions.lost(session, error);
    const session: Session = await Session.open(this.#parts, this.#replica, onEnd);
    if (session.ended) throw session.ended;
    this.#replica = session.replica;
    return session;
  }
}
