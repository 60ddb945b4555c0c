/** An address that follows a failover, and bytes on their way that may be changed. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Forwarder {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #target: number;

  private constructor(target: number, change: (data: Buffer) => Buffer | string) {
    this.#target = target;
    this.#server = createServer((client) => {
      const server = connect(this.#target, '127.0.0.1');
      client.pipe(server);
      server.on('data', (data) => client.write(change(data), 'latin1'));
      for (const socket of [client, server]) {
        this.#open.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#open.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
    });
  }

  /** A port of 127.0.0.1 that leads to another one. `change`: of what the server says. */
  static async to(target: number, change: (data: Buffer) => Buffer | string = (data) => data): Promise<Forwarder> {
    const forwarder = new Forwarder(target, change);
    await new Promise<void>((resolve) => {
      forwarder.#server.listen(0, '127.0.0.1', resolve);
    });
    return forwarder;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** New connections lead there, and those that are there end. */
  moveTo(target: number): void {
    this.#target = target;
    for (const socket of this.#open) socket.destroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }
}
