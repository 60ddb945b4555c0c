/** One `describe` for each leg. */
import { describe } from 'vitest';
import type { Leg } from './legs.js';

export function onEach(legs: readonly Leg[], define: (leg: Leg) => void): void {
  for (const leg of legs) describe(leg.name, () => define(leg));
}
