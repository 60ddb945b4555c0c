/** Every metric that a hub has. */
import { createHub } from '@headwater/core';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { collectMetrics } from '../../src/index.js';

/** Of a hub that nothing has happened to. */
export function registryOfHub(): Registry {
  const register = new Registry();
  const hub = createHub();
  const stop = collectMetrics(hub, { register });
  onTestFinished(async () => {
    stop();
    await hub.close();
  });
  return register;
}

export async function metricsOfHub(): Promise<readonly { readonly name: string; readonly type: string }[]> {
  return (await registryOfHub().getMetricsAsJSON()).map(({ name, type }) => ({ name, type: String(type) }));
}
