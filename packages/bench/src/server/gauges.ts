/** Gauges: what the server process spends and holds while it is measured. */
import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import {
  createHistogram,
  type IntervalHistogram,
  monitorEventLoopDelay,
  type RecordableHistogram,
} from 'node:perf_hooks';
import type { Contender } from '../contenders/contender.js';
import { micros } from '../harness/micros.js';

const SAMPLE_MS = 100;
/** Resolution of the event loop's monitor: also what it shows for a loop that nobody holds. */
const LOOP_MS = 1;

/** One look at the process. Bytes. */
export interface Sample {
  /** Milliseconds since the begin. */
  at: number;
  rss: number;
  /** The part of it that is the process's own: not the pages of a file that it has mapped. */
  own: number;
  /** What waits in the sockets of the process, in all. */
  pending: number;
}

/** What one measurement cost. Milliseconds and bytes. */
export interface Spent {
  cpuMs: number;
  wallMs: number;
  peakRss: number;
  /** How long the event loop was held in one go. */
  loopP99: number;
  loopMax: number;
  /** The same by the library's own account, per flush; -1 where it has none. */
  holdP99: number;
  holdMax: number;
  samples: Sample[];
}

export class Gauges {
  readonly #sockets = new Set<Socket>();
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_MS });
  readonly #holds: RecordableHistogram = createHistogram();
  #timer: NodeJS.Timeout | undefined;
  #samples: Sample[] = [];
  #begunAt = 0;
  #cpuAt: NodeJS.CpuUsage | undefined;

  constructor(contender: Contender) {
    watch(contender.server, this.#sockets);
    contender.onHold = (holdMs) => this.#holds.record(Math.max(1, Math.round(holdMs * 1e3)));
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  begin({ samples }: { samples: boolean }): void {
    this.#samples = [];
    this.#begunAt = micros();
    this.#holds.reset();
    this.#loop.reset();
    this.#loop.enable();
    this.#timer = setInterval(() => this.#sample(samples), SAMPLE_MS);
    this.#sample(samples);
    this.#cpuAt = process.cpuUsage();
  }

  end(): Spent {
    const { user, system } = process.cpuUsage(this.#cpuAt);
    this.#loop.disable();
    clearInterval(this.#timer);
    this.#sample(true);
    const held = this.#holds.count > 0;
    return {
      cpuMs: (user + system) / 1e3,
      wallMs: (micros() - this.#begunAt) / 1e3,
      peakRss: Math.max(...this.#samples.map(({ rss }) => rss)),
      loopP99: Math.max(0, this.#loop.percentile(99) / 1e6 - LOOP_MS),
      loopMax: Math.max(0, this.#loop.max / 1e6 - LOOP_MS),
      holdP99: held ? this.#holds.percentile(99) / 1e3 : -1,
      holdMax: held ? this.#holds.max / 1e3 : -1,
      samples: this.#samples,
    };
  }

  /** `withPending` looks at every socket: a millisecond with 10,000 of them. */
  #sample(withPending: boolean): void {
    let pending = 0;
    if (withPending) for (const socket of this.#sockets) pending += socket.writableLength;
    const at = (micros() - this.#begunAt) / 1e3;
    const rss = process.memoryUsage.rss();
    this.#samples.push({ at, rss, own: ownMemory() ?? rss, pending });
  }
}

/** Linux tells it. */
function ownMemory(): number | undefined {
  try {
    const kib = readFileSync('/proc/self/status', 'latin1').match(/^RssAnon:\s+(\d+) kB$/m)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

function watch(server: Server, sockets: Set<Socket>): void {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
}
