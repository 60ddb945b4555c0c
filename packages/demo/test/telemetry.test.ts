import os from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { busyShare, Telemeter, type TelemetrySource } from '../src/telemetry.js';

const times = (user: number, idle: number, irq = 0) => ({ user, nice: 0, sys: 0, idle, irq });

function source(changes: Partial<TelemetrySource>): TelemetrySource {
  return {
    cores: () => [],
    memory: () => ({ free: 0, total: 0 }),
    load: () => [],
    eventLoop: () => ({ mean: 0, p99: 0, max: 0 }),
    close: () => {},
    ...changes,
  };
}

describe('busyShare', () => {
  it('is the part of the time between two readings that was not idle', () => {
    expect(busyShare(times(100, 100), times(125, 175))).toBe(0.25);
    expect(busyShare(times(100, 100), times(100, 200))).toBe(0);
    expect(busyShare(times(100, 100), times(150, 100, 50))).toBe(1);
  });

  it('is 0 where there is nothing to compare, and never outside of 0 to 1', () => {
    expect(busyShare(undefined, times(1, 1))).toBe(0);
    expect(busyShare(times(1, 1), times(1, 1))).toBe(0);
    expect(busyShare(times(100, 100), times(90, 150))).toBe(0);
    expect(busyShare(times(100, 100), times(150, 90))).toBe(1);
  });
});

describe('Telemeter', () => {
  it('covers with each sample the time since the one before', () => {
    const readings = [[times(0, 0)], [times(50, 50)], [times(50, 150), times(5, 5)]];
    const telemeter = new Telemeter(source({ cores: () => readings.shift() ?? [] }));
    expect(telemeter.sample().cores).toEqual([0.5]);
    expect(telemeter.sample().cores).toEqual([0, 0]);
  });

  it('rounds, and tells the memory in use instead of the free one', () => {
    const telemeter = new Telemeter(
      source({
        memory: () => ({ free: 3, total: 10 }),
        load: () => [0.123456, 1, 2],
        eventLoop: () => ({ mean: 0.00049, p99: 1.23456, max: 20 }),
      }),
    );
    expect(telemeter.sample(1_000)).toEqual({
      time: 1_000,
      cores: [],
      memory: { used: 7, total: 10 },
      load: [0.123, 1, 2],
      eventLoop: { mean: 0, p99: 1.235, max: 20 },
    });
  });

  it('reads this machine', () => {
    const telemeter = new Telemeter();
    onTestFinished(() => telemeter.close());
    const sample = telemeter.sample();
    expect(sample.cores).toHaveLength(os.cpus().length);
    for (const core of sample.cores) expect(core >= 0 && core <= 1).toBe(true);
    expect(sample.memory.total).toBe(os.totalmem());
    expect(sample.memory.used).toBeGreaterThan(0);
    expect(sample.load).toHaveLength(3);
    expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
  });

  it('sees an event loop that is held', async () => {
    const telemeter = new Telemeter();
    onTestFinished(() => telemeter.close());
    do {
      // What counts is the time between two runs of the histogram's own timer, which begins anew with each sample.
      for (let round = 0; round < 2; round++) {
        const end = performance.now() + 30;
        while (performance.now() < end);
        await new Promise(setImmediate);
      }
    } while (telemeter.sample().eventLoop.max < 15);
  });
});
