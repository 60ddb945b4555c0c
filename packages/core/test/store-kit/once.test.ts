import { expect, test } from 'vitest';
import { oncePerChannel, oncePerMessage } from '../../src/store-kit/index.js';

test('a channel is asked for once, and again where asking failed', () => {
  const asked: string[] = [];
  const bounds = oncePerChannel((channel) => {
    asked.push(channel);
    if (channel === 'bad' && asked.length === 1) throw new Error('not yet');
    return { count: channel.length };
  });
  expect(() => bounds('bad')).toThrow('not yet');
  expect(bounds('bad')).toEqual({ count: 3 });
  expect(bounds('bad')).toBe(bounds('bad'));
  expect(bounds('prices')).toEqual({ count: 6 });
  expect(asked).toEqual(['bad', 'bad', 'prices']);
});

test('what is remembered is bounded', () => {
  let asked = 0;
  const bounds = oncePerChannel(() => ++asked);
  for (let at = 0; at < 250_000; at++) bounds(`channel-${at}`);
  expect(asked).toBe(250_000);
  bounds('channel-249999');
  expect(asked).toBe(250_000);
  bounds('channel-0');
  expect(asked).toBe(250_001);
});

test('a message is told once', () => {
  const told: string[] = [];
  const warn = oncePerMessage((message) => told.push(message));
  for (const message of ['no persistence', 'evicting', 'no persistence', 'evicting']) warn(message);
  expect(told).toEqual(['no persistence', 'evicting']);
});
