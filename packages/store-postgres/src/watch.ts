/**
 * Watch: the store's one listening connection, shared by its tails and its keeper. It is there while somebody needs it.
 * Invariant: whoever has joined is told once when the connection ends, and has to join again.
 */
import type { Client } from 'pg';
import { Session } from './session.js';

/** Who needs the connection. */
export interface Watcher {
  /** Something may be new: `e` entries, `o` the outbox. Only a hint: it may be missing, and it may be wrong. */
  hint(kind: string): void;
  lost(error: Error): void;
}

export class Watch {
  readonly #connect: () => Client;
  readonly #schema: string;
  readonly #log: string;
  readonly #timeoutMs: number;
  readonly #watchers = new Set<Watcher>();
  #session: Promise<Session> | undefined;

  constructor(connect: () => Client, schema: string, log: string, timeoutMs: number) {
    this.#connect = connect;
    this.#schema = schema;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects where the server cannot be reached; then the watcher has not joined. */
  async join(watcher: Watcher): Promise<Session> {
    this.#watchers.add(watcher);
    this.#session ??= this.#open();
    const opening = this.#session;
    try {
      return await opening;
    } catch (error) {
      if (this.#session === opening) this.#session = undefined;
      this.#watchers.delete(watcher);
      throw error;
    }
  }

  leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    const opening = this.#session;
    this.#session = undefined;
    opening?.then((session) => session.end(new Error('nobody needs it any more'))).catch(() => {});
  }

  #open(): Promise<Session> {
    const opening = Session.open(
      this.#connect(),
      this.#schema,
      this.#timeoutMs,
      (payload) => this.#hint(payload),
      (error) => {
        if (this.#session !== opening) return;
        this.#session = undefined;
        const all = [...this.#watchers];
        this.#watchers.clear();
        for (const watcher of all) watcher.lost(error);
      },
    );
    return opening;
  }

  #hint(payload: string): void {
    // `kind:log`. Logs of one schema hear of each other.
    if (payload.slice(2) !== this.#log) return;
    for (const watcher of [...this.#watchers]) watcher.hint(payload[0] as string);
  }
}
