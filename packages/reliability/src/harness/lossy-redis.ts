/** LossyRedis: a proxy in front of Redis that leaves out some of the entries that XREAD answers, as no Redis should. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { encode, type Resp, RespReader, readEntries } from './resp.js';

export class LossyRedis {
  /** Entries that were left out, and those that were passed. */
  dropped = 0;
  passed = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #drops: () => boolean;

  private constructor(url: URL, drops: () => boolean) {
    this.#drops = drops;
    this.#server = createServer((client) => this.#accept(client, connect(Number(url.port), url.hostname)));
  }

  /** `drops` is asked for every entry. */
  static async before(url: string, drops: () => boolean): Promise<LossyRedis> {
    const proxy = new LossyRedis(new URL(url), drops);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #accept(client: Socket, server: Socket): void {
    const reader = new RespReader();
    server.on('data', (bytes: Buffer) => {
      for (const answer of reader.push(bytes)) client.write(this.#thin(answer));
    });
    client.pipe(server);
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
  }

  #thin(answer: Resp): Buffer {
    const found = readEntries(answer);
    if (!found) return encode(answer);
    const kept = found.entries.filter(() => !this.#drops());
    this.passed += kept.length;
    this.dropped += found.entries.length - kept.length;
    return kept.length === found.entries.length ? encode(answer) : found.encodeWith(kept);
  }
}
