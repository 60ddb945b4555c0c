/** Row 22: clients that never read, and come back each time they are thrown out; a day of it in seconds. */
import { connect, type Socket } from 'node:net';
import { createHub } from '@headwater/core';
import { ownMemory } from '../children/memory.js';
import { rounded } from '../harness/figures.js';
import { pause, until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { once } from './needs.js';
import { type Site, startSite } from './site.js';

export const neverReading: Row = {
  name: 'never-reading',
  promise:
    'clients that never read are thrown out after the stall time, and what they cost is bounded, however often they come back',
  short: { clients: 20, rounds: 1 },
  full: { clients: 200, rounds: 10 },
  unfit: once,
  run: async (trial, size) => run(trial, size),
};

const EVENT = 'x'.repeat(60_000);
const STALL_MS = 1_000;
/** What may wait for one client: room, and the batch that filled it. */
const MOST_PENDING = 64 * 1024 + 256 * 1024;

async function run(trial: Trial, { clients = 0, rounds = 0 }: Size) {
  const thrownOut = { slow: 0, other: 0 };
  const hub = createHub({
    stallMs: STALL_MS,
    heartbeatMs: 500,
    heartbeatBoundsMs: [500, 500],
    observers: [{ closed: (_connection, { reason }) => void thrownOut[reason === 'slow' ? 'slow' : 'other']++ }],
  });
  const site = await startSite({ framework: 'express', hub });
  const crowd = new Deaf(site);
  trial.defer(async () => {
    crowd.close();
    await hub.close();
    await site.close();
  });
  crowd.bring(clients);
  await until('all of them to be open', () => hub.connections.size === clients);
  const memories: number[] = [];
  let pending = 0;
  for (let round = 1; round <= rounds; round++) {
    while (thrownOut.slow < clients * round) {
      await hub.publish('a', EVENT);
      for (const { pendingBytes } of hub.connections) pending = Math.max(pending, pendingBytes);
      crowd.bring(clients);
      await pause(20);
    }
    memories.push(ownMemory() / 2 ** 20);
  }
  if (pending > MOST_PENDING) throw new Error(`${pending} bytes waited for one client`);
  if (thrownOut.other > 0) throw new Error(`${thrownOut.other} streams ended for another reason`);
  const grown = (memories.at(-1) ?? 0) - (memories[Math.floor(rounds / 2)] ?? 0);
  trial.atMost('the growth of memory in the second half, in MB,', grown, 40);
  return {
    clients,
    'thrown out': thrownOut.slow,
    'most pending bytes': pending,
    'second half grown MB': rounded(grown),
  };
}

/** Sockets that ask for a stream and read nothing of it, not even its end. */
class Deaf {
  readonly #sockets = new Set<Socket>();
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  bring(count: number): void {
    while (this.#sockets.size < count) {
      const socket = connect(this.#site.port, '127.0.0.1');
      this.#sockets.add(socket);
      socket.pause();
      socket.write('GET /events?channels=a HTTP/1.1\r\nHost: x\r\n\r\n');
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    for (const socket of this.#sockets) if (this.#isCut(socket)) socket.destroy();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Who does not read does not see its end either: the next write does. */
  #isCut(socket: Socket): boolean {
    if (!socket.connecting && !socket.destroyed) socket.write('\r\n');
    return socket.destroyed;
  }
}
