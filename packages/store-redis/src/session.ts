/**
 * Session: one connection to the server, from its making to its end.
 * Invariant: every call is answered, refused by the server, or rejected within its time limit or when the session ends, and
 * `onEnd` is called once.
 */
import type { Argument, Connection, Connector } from './client.js';

/**
 * An answer that has arrived while this process was busy must not look like silence. So a server counts as silent only after so
 * many looks in a row at which the event loop was on time, and has read what was there.
 */
const LOOKS = 3;
const LOOK_MS = 50;
const LATE_MS = 25;

export class Session {
  readonly #onEnd: (error: Error) => void;
  readonly #waiting = new Set<(error: Error) => void>();
  #connection: Connection | undefined;
  #ended: Error | undefined;

  private constructor(onEnd: (error: Error) => void) {
    this.#onEnd = onEnd;
  }

  /** Connects. `onEnd` is called with why once the session ends, but not if it does not come about. */
  static async open(connect: Connector, timeoutMs: number, onEnd: (error: Error) => void): Promise<Session> {
    let isOpen = false;
    const session = new Session((error) => isOpen && onEnd(error));
    await session.#within(timeoutMs, 'connecting', async () => {
      const connection = await connect((error) => session.end(error));
      session.#connection = connection;
      if (session.#ended) connection.destroy();
      await connection.opened;
    });
    if (session.#ended) throw session.#ended;
    isOpen = true;
    return session;
  }

  get isOver(): boolean {
    return this.#ended !== undefined;
  }

  /** Sends a command. Where the server does not answer within `timeoutMs` the session ends. */
  send(args: readonly Argument[], timeoutMs: number): Promise<unknown> {
    return this.#within(timeoutMs, String(args[0]), () => (this.#connection as Connection).send(args));
  }

  /** Ends the session at once; what is under way is rejected with `error`. */
  end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
    this.#connection?.destroy();
    this.#onEnd(error);
  }

  #within<Result>(timeoutMs: number, what: string, run: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      let timer: NodeJS.Timeout;
      const look = (looks: number, due: number) => {
        const left = performance.now() - due > LATE_MS ? LOOKS : looks;
        if (left === 0) return this.end(new Error(`the server has not answered for ${timeoutMs} ms (${what})`));
        timer = setTimeout(look, LOOK_MS, left - 1, performance.now() + LOOK_MS).unref();
      };
      timer = setTimeout(look, timeoutMs, LOOKS, performance.now() + timeoutMs).unref();
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(fail);
      };
      const fail = (error: Error) => {
        done();
        reject(error);
      };
      this.#waiting.add(fail);
      run().then((result) => {
        done();
        resolve(result);
      }, fail);
    });
  }
}
