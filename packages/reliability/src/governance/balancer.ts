/** Balancer: connections go to backends by weight, chosen for each anew, as a load balancer before a canary does it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Backend {
  readonly port: number;
  weight: number;
}

export class Balancer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #backends: readonly Backend[];
  readonly #open = new Map<Backend, number>();

  private constructor(backends: readonly Backend[], random: () => number) {
    this.#backends = backends;
    this.#server = createServer((client) => this.#accept(client, this.#choose(random)));
  }

  static async before(backends: readonly Backend[], random: () => number): Promise<Balancer> {
    const balancer = new Balancer(backends, random);
    await once(balancer.#server.listen(0, '127.0.0.1', 4_096), 'listening');
    return balancer;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that go to this backend now. */
  openTo(backend: Backend): number {
    return this.#open.get(backend) ?? 0;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #choose(random: () => number): Backend | undefined {
    const total = this.#backends.reduce((sum, { weight }) => sum + weight, 0);
    let left = random() * total;
    return this.#backends.find(({ weight }) => {
      left -= weight;
      return weight > 0 && left < 0;
    });
  }

  #accept(client: Socket, backend: Backend | undefined): void {
    if (!backend) return void client.destroy();
    const server = connect(backend.port, '127.0.0.1');
    this.#open.set(backend, this.openTo(backend) + 1);
    server.once('close', () => this.#open.set(backend, this.openTo(backend) - 1));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      // An orderly end stays one.
      from.pipe(to);
    }
  }
}
