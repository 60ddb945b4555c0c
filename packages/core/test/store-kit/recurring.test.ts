import { fakeClock } from '@headwater/testing';
import { expect, test } from 'vitest';
import { Recurring } from '../../src/store-kit/index.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a turn comes after each pause, also after one that failed, and none once it is closed', async () => {
  const clock = fakeClock();
  let turns = 0;
  const recurring = new Recurring(
    clock,
    () => 100 * (turns + 1),
    async () => {
      if (++turns === 1) throw new Error('no contact');
    },
  );
  clock.advance(1_000);
  expect(turns).toBe(0);
  recurring.start();
  recurring.start();
  clock.advance(99);
  expect(turns).toBe(0);
  clock.advance(1);
  await settle();
  expect(turns).toBe(1);
  clock.advance(199);
  expect(turns).toBe(1);
  clock.advance(1);
  await settle();
  expect(turns).toBe(2);
  recurring.close();
  expect(recurring.isClosed).toBe(true);
  recurring.start();
  clock.advance(10_000);
  await settle();
  expect(turns).toBe(2);
});

test('a turn that is under way is not joined by another one', async () => {
  const clock = fakeClock();
  let turns = 0;
  let end = () => {};
  const recurring = new Recurring(
    clock,
    () => 100,
    () => {
      turns++;
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    },
  );
  recurring.start();
  clock.advance(1_000);
  expect(turns).toBe(1);
  end();
  await settle();
  clock.advance(100);
  expect(turns).toBe(2);
  recurring.close();
  end();
});
