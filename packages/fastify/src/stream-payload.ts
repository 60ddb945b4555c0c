/**
 * What an event stream is for `reply.send`: a Readable that is never read. Fastify pipes it into the response once the onSend
 * hooks are through, and that is when the response is taken hold of; every other use of it is an error.
 */
import { Readable } from 'node:stream';

export interface PayloadUser {
  /** Fastify is done. Throws where `destination` is not the response, or cannot be taken hold of. */
  piped(destination: unknown): void;
  /** Somebody reads the payload instead of passing it on. Returns what the reader gets: an error, or undefined for an empty stream. */
  read(): Error | undefined;
}

export class StreamPayload extends Readable {
  readonly #user: PayloadUser;

  constructor(user: PayloadUser) {
    // Nobody waits for a `close`: Fastify must know of the end before it hears of a client that leaves.
    super({ emitClose: false });
    this.#user = user;
    // Without a listener an error would end the process.
    this.on('error', () => {});
  }

  override pipe<Destination extends NodeJS.WritableStream>(
    destination: Destination,
    options?: { end?: boolean },
  ): Destination {
    try {
      this.#user.piped(destination);
    } finally {
      // Its work is done. Fastify would log a stream that is still there when the client leaves as closed prematurely. But where
      // it waits for the end to send trailers, the end would come at once.
      if (options?.end !== false) this.#finish();
    }
    return destination;
  }

  override _read(): void {
    const error = this.#user.read();
    if (error) this.destroy(error);
    else this.push(null);
  }

  #finish(): void {
    this.push(null);
    // Emits `end`, which nothing flows for.
    this.read();
  }
}
