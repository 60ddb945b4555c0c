/** The client process: a crowd of streams, driven by the coordinator. */
import { performance } from 'node:perf_hooks';
import { formatEventId } from '@headwater/core';
import { micros } from '../harness/micros.js';
import { Random } from '../harness/random.js';
import { serve } from '../harness/rpc.js';
import type { History } from '../stores/history.js';
import { Crowd } from './crowd.js';
import { Tally } from './tally.js';

/** What one measurement saw on the side of the clients. Times in microseconds unless their name says otherwise. */
export interface Received {
  delivered: number;
  lost: number;
  repeated: number;
  malformed: number;
  closed: number;
  bytes: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
  /** How late the last event was when the last stream had it. */
  lastLate: number;
  /** When it was had. */
  lastAt: number;
  /** The same in milliseconds since the begin. */
  lastMs: number;
  cpuMs: number;
  /** Share of one core that this process used, and share of the time in which it was not waiting. Near 1 the clients are the limit. */
  cpu: number;
  busy: number;
}

/** Streams that come back: each lacks `least` to `most` of the events of `history`, at random. */
export interface Comeback {
  port: number;
  clients: number;
  bytes: number;
  history: History;
  least: number;
  most: number;
}

let announces = false;

let crowd: Crowd | undefined;
let begunAt = micros();
let cpuAt = process.cpuUsage();
let loopAt = performance.eventLoopUtilization();
let waiting: { seq: number; done: (complete: boolean) => void } | undefined;

const tally = new Tally(() => {
  if (announces) process.send?.({ complete: tally.completeTo });
  if (waiting && tally.completeTo >= waiting.seq) waiting.done(true);
});

const api = {
  async open({ port, clients, bytes }: { port: number; clients: number; bytes: number }): Promise<void> {
    crowd ??= new Crowd(tally, bytes);
    await crowd.open(port, clients);
  },

  /** Opens streams that come back. Answers with how many events they lack in all. */
  async comeBack({ port, clients, bytes, history, least, most }: Comeback): Promise<number> {
    const { epoch, head } = history;
    const random = new Random();
    let wanted = 0;
    crowd ??= new Crowd(tally, bytes);
    tally.aim(head, clients);
    await crowd.open(port, clients, () => {
      const behind = random.between(Math.min(least, head), Math.min(most, head));
      wanted += behind;
      return { lastEventId: formatEventId(epoch, head - behind), next: head - behind };
    });
    return wanted;
  },

  cut: (): void => crowd?.cut(),

  /** Whether every event that became complete is announced to the coordinator at once. */
  lockstep(on: boolean): void {
    announces = on;
  },

  begin(): void {
    tally.reset();
    begunAt = micros();
    cpuAt = process.cpuUsage();
    loopAt = performance.eventLoopUtilization();
  },

  /** Resolves true once every stream has every event below `seq`, false after `timeoutMs`. */
  async until({ seq, timeoutMs }: { seq: number; timeoutMs: number }): Promise<boolean> {
    if (tally.completeTo >= seq) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => waiting?.done(false), timeoutMs);
      const done = (complete: boolean): void => {
        clearTimeout(timer);
        waiting = undefined;
        resolve(complete);
      };
      waiting = { seq, done };
    });
  },

  end(): Received {
    const { user, system } = process.cpuUsage(cpuAt);
    const { delivered, lost, repeated, malformed, bytes, latency, lastAt, lastDue } = tally;
    return {
      delivered,
      lost,
      repeated,
      malformed,
      closed: crowd?.closed ?? 0,
      bytes,
      p50: latency.percentile(50),
      p90: latency.percentile(90),
      p99: latency.percentile(99),
      p999: latency.percentile(99.9),
      max: latency.max,
      lastLate: lastAt - lastDue,
      lastAt,
      lastMs: (lastAt - begunAt) / 1e3,
      cpu: (user + system) / (micros() - begunAt),
      cpuMs: (user + system) / 1e3,
      busy: performance.eventLoopUtilization(loopAt).utilization,
    };
  },

  pause: (index: number): void => crowd?.pause(index),
  resume: (index: number): void => crowd?.resume(index),
  reached: (index: number): number => crowd?.reached(index) ?? 0,
};

export type ClientApi = typeof api;

serve(api);
