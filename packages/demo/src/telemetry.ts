/** What this machine is doing: processor, memory, load, and how late the event loop runs. */
import os from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Telemetry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Busy share of each core since the sample before, 0 to 1. */
  readonly cores: readonly number[];
  /** Bytes. */
  readonly memory: { readonly used: number; readonly total: number };
  /** Over 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  /** How much later than planned timers ran since the sample before, in milliseconds. */
  readonly eventLoop: EventLoopDelay;
}

interface EventLoopDelay {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

type Times = Readonly<Record<string, number>>;

/** Where the figures come from. */
export interface TelemetrySource {
  cores(): readonly Times[];
  memory(): { free: number; total: number };
  load(): readonly number[];
  /** Also forgets: each call tells of the time since the one before. */
  eventLoop(): EventLoopDelay;
  close(): void;
}

/** Takes samples; each covers the time since the one before. */
export class Telemeter {
  readonly #source: TelemetrySource;
  #cores: readonly Times[];

  constructor(source: TelemetrySource = machine()) {
    this.#source = source;
    this.#cores = source.cores();
  }

  sample(time: number = Date.now()): Telemetry {
    const before = this.#cores;
    this.#cores = this.#source.cores();
    const { free, total } = this.#source.memory();
    const { mean, p99, max } = this.#source.eventLoop();
    return {
      time,
      cores: this.#cores.map((times, core) => round(busyShare(before[core], times))),
      memory: { used: total - free, total },
      load: this.#source.load().map(round),
      eventLoop: { mean: round(mean), p99: round(p99), max: round(max) },
    };
  }

  close(): void {
    this.#source.close();
  }
}

/** The part of the time between two readings of a core's counters that it was not idle. */
export function busyShare(before: Times | undefined, after: Times): number {
  if (!before) return 0;
  const idle = (after.idle ?? 0) - (before.idle ?? 0);
  const all = sum(after) - sum(before);
  // Some systems' counters go back a little now and then.
  return all > 0 ? Math.min(1, Math.max(0, 1 - idle / all)) : 0;
}

const RESOLUTION_MS = 10;

function machine(): TelemetrySource {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return {
    cores: () => os.cpus().map(({ times }) => times as unknown as Times),
    memory: () => ({ free: os.freemem(), total: os.totalmem() }),
    load: () => os.loadavg(),
    eventLoop: () => {
      const { mean, max } = delay;
      const p99 = delay.percentile(99);
      delay.reset();
      return { mean: toDelay(mean), p99: toDelay(p99), max: toDelay(max) };
    },
    close: () => void delay.disable(),
  };
}

/** The histogram holds nanoseconds between two runs of a timer, its interval included; without any run a mean of NaN. */
function toDelay(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS) || 0;
}

function sum(times: Times): number {
  return Object.values(times).reduce((total, time) => total + time, 0);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
