/** Relay: a TCP proxy that counts what it passes to the client, and can stop at any byte. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #budget = Number.POSITIVE_INFINITY;
  #spent: () => void = () => {};

  private constructor(port: number) {
    this.#server = createServer((client) => this.#accept(client, connect(port, '127.0.0.1')));
  }

  static async to(port: number): Promise<Relay> {
    const relay = new Relay(port);
    await once(relay.#server.listen(0, '127.0.0.1'), 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Passes `bytes` more bytes to the client and none after them; resolves when they are sent. */
  stopAfter(bytes: number): Promise<void> {
    this.#budget = bytes;
    return new Promise((resolve) => {
      this.#spent = resolve;
    });
  }

  /** Breaks what is open, and passes everything of what comes then. */
  reset(): void {
    this.#budget = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.reset();
    this.#server.close();
  }

  #accept(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(server);
    server.on('data', (bytes) => {
      const passed = bytes.subarray(0, Math.min(bytes.length, this.#budget));
      this.#budget -= passed.length;
      if (passed.length > 0) client.write(passed);
      if (this.#budget === 0) this.#spent();
    });
  }
}
