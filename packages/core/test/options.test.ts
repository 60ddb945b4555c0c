import { describe, expect, test } from 'vitest';
import { createHub, type HubOptions } from '../src/index.js';
import { resolveOptions } from '../src/options.js';

describe('createHub options', () => {
  const wrong: [name: string, options: object, error: new (...args: never[]) => Error][] = [
    ['an unknown option', { heartbeat: 5 }, TypeError],
    ['a heartbeat of 0', { heartbeatMs: 0 }, RangeError],
    ['a heartbeat in words', { heartbeatMs: '15s' }, TypeError],
    ['a heartbeat of true', { heartbeatMs: true }, TypeError],
    ['a retry below 250', { retryMs: 100 }, RangeError],
    ['a limit of 0 connections', { maxConnections: 0 }, RangeError],
    ['a fraction', { maxChannels: 1.5 }, RangeError],
    ['NaN', { stallMs: Number.NaN }, RangeError],
    ['less room than a sink needs', { maxPendingBytes: 1024 }, RangeError],
    ['events larger than what may be pending', { maxEventBytes: 2 ** 21 }, RangeError],
    ['a store that is none', { store: 'redis' }, TypeError],
    ['a serializer that is none', { serializer: {} }, TypeError],
    ['a range upside down', { heartbeatBoundsMs: [9_000, 1_000] }, RangeError],
    ['a range that is none', { refusalRetrySeconds: 5 }, TypeError],
  ];
  for (const [name, options, error] of wrong) {
    test(`refuses ${name}`, () => expect(() => createHub(options as HubOptions)).toThrow(error));
  }

  test('names the option, what it must be and what it was', () => {
    expect(() => createHub({ retryMs: 100 })).toThrow('retryMs must be an integer of at least 250, not 100');
  });

  test('takes undefined as not given, and false as off', () => {
    const options = resolveOptions({ heartbeatMs: undefined, stallMs: false });
    expect([options.heartbeatMs, options.stallMs]).toEqual([15_000, false]);
  });

  test('resolves to a frozen object', () => {
    expect(Object.isFrozen(resolveOptions({}))).toBe(true);
  });
});
