/** A TCP proxy that cuts: after so many bytes of an answer, at a place in it, or at once. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** RST or FIN. */
export type Cut = 'reset' | 'end';

export class Cutter {
  readonly #server = createServer((client) => this.#forward(client));
  readonly #target: number;
  readonly #clients = new Set<Socket>();
  #budget = Number.POSITIVE_INFINITY;
  #cut: Cut = 'reset';
  #hold: { readonly place: RegExp; seen: string } | undefined;
  /** Connections so far. */
  connections = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  /** A proxy before `port`, closed when the test is done. Concurrent tests have a `whenDone` of their own in their context. */
  static async before(port: number, whenDone: (cleanUp: () => void) => void = onTestFinished): Promise<Cutter> {
    const cutter = new Cutter(port);
    await once(cutter.#server.listen(0, '127.0.0.1'), 'listening');
    whenDone(() => {
      cutter.#server.close();
      for (const client of cutter.#clients) client.destroy();
    });
    return cutter;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets `bytes` more of what the server sends pass, then cuts the connection that the last one belongs to. */
  cutAfter(bytes: number, cut: Cut): void {
    this.#budget = bytes;
    this.#cut = cut;
  }

  /** Lets pass what the server sends up to the end of the first match, and nothing behind it until `cutAll`. For one connection. */
  holdAt(place: RegExp): void {
    this.#hold = { place, seen: '' };
  }

  /** Cuts every connection now. */
  cutAll(cut: Cut): void {
    this.#hold = undefined;
    for (const client of this.#clients) end(client, cut);
  }

  #forward(client: Socket): void {
    this.connections++;
    this.#clients.add(client);
    const server = connect(this.#target, '127.0.0.1');
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => this.#pass(client, bytes));
    server.on('end', () => client.end());
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
    client.on('close', () => this.#clients.delete(client));
  }

  #pass(client: Socket, bytes: Buffer): void {
    if (!client.writable) return;
    if (this.#hold) return void client.write(upTo(this.#hold, bytes));
    if (bytes.length < this.#budget) {
      this.#budget -= bytes.length;
      client.write(bytes);
      return;
    }
    const rest = bytes.subarray(0, this.#budget);
    this.#budget = Number.POSITIVE_INFINITY;
    // A reset discards what has not been taken yet: first the bytes, then the cut.
    client.write(rest, () => end(client, this.#cut));
  }
}

/** The part of `bytes` that may pass. */
function upTo(hold: { readonly place: RegExp; seen: string }, bytes: Buffer): Buffer {
  const before = hold.seen.length;
  hold.seen += bytes.toString('latin1');
  const match = hold.place.exec(hold.seen);
  return match ? bytes.subarray(0, Math.max(0, match.index + match[0].length - before)) : bytes;
}

function end(socket: Socket, cut: Cut): void {
  if (cut === 'reset') socket.resetAndDestroy();
  else socket.destroySoon();
}
