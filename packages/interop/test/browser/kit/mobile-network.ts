/** A network as a phone has it: a TCP proxy whose connections fall silent, break, end halfway and crawl. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

interface Connection {
  readonly phone: Socket;
  readonly server: Socket;
  isLost: boolean;
}

export class MobileNetwork {
  readonly #server = createServer({ allowHalfOpen: true }, (phone) => this.#carry(phone));
  readonly #target: number;
  readonly #connections = new Set<Connection>();
  /** Time that each piece takes, in milliseconds. */
  delayMs = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  /** In front of `port`, gone when the test is done. */
  static async before(port: number): Promise<MobileNetwork> {
    const network = new MobileNetwork(port);
    await once(network.#server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      network.#server.close();
      for (const { phone, server } of network.#connections) {
        phone.destroy();
        server.destroy();
      }
    });
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing passes any more on what is connected now, and nobody is told. */
  blackhole(): void {
    for (const connection of this.#connections) connection.isLost = true;
  }

  /** Resets what is connected now. */
  reset(): void {
    for (const { phone } of this.#connections) phone.resetAndDestroy();
  }

  /** The server's half ends, the phone's does not. */
  halfClose(): void {
    for (const { phone } of this.#connections) phone.end();
  }

  #carry(phone: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    const connection: Connection = { phone, server, isLost: false };
    this.#connections.add(connection);
    // One piece after the other, however long each takes.
    const pass = (to: Socket) => {
      let passed: Promise<unknown> = Promise.resolve();
      return (bytes: Buffer) => {
        passed = passed.then(async () => {
          if (this.delayMs > 0) await setTimeout(this.delayMs);
          if (!connection.isLost && to.writable) to.write(bytes);
        });
      };
    };
    phone.on('data', pass(server));
    server.on('data', pass(phone));
    for (const [one, other] of [
      [phone, server],
      [server, phone],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        if (!connection.isLost) other.destroy();
        if (phone.destroyed) this.#connections.delete(connection);
      });
    }
  }
}
