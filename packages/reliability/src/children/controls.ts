/** Controls: what a trial can make a server process do, each a POST with JSON to `/control/<name>`. */
import { type Hub, hasCode } from '@headwater/core';
import { ownMemory } from './memory.js';
import type { Provided } from './provided.js';
import type { Record } from './record.js';
import type { SkewedClock } from './skewed-clock.js';

export type Controls = Readonly<{ [name: string]: (argument: never) => unknown }>;

interface ToPublish {
  readonly channel: string;
  readonly data: unknown;
  readonly key?: string;
}

export interface Parts {
  readonly hub: Hub;
  readonly clock: SkewedClock;
  readonly record: Record;
  readonly provided: Provided | undefined;
}

export function makeControls({ hub, clock, record, provided }: Parts): Controls {
  return {
    publish: (list: readonly ToPublish[]) => Promise.all(list.map((one) => publish(hub, one))),
    revoke: (where: { principal: string }) => hub.revoke(where),
    setClock: (skewMs: number) => {
      clock.skewMs = skewMs;
    },
    mutate: (change: { key: string; value: number }) => provided?.mutate(hub, change),
    state: () => provided?.state,
    stats: () => ({
      head: hub.health().head,
      connections: hub.connections.size,
      closed: record.closed,
      resets: record.resets,
      errors: record.errors,
      providerCalls: provided?.calls ?? [],
      memory: ownMemory(),
    }),
    /** Bytes in use, once all garbage is collected. Needs `--expose-gc`. */
    liveMemory: async () => {
      // The second time also counts what the first one has found outside of V8's heap, which is freed a little later.
      for (let times = 0; times < 2; times++) {
        (globalThis as { gc?: () => void }).gc?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    },
  };
}

/** Each message has an outcome of its own. */
async function publish(hub: Hub, { channel, data, key }: ToPublish): Promise<object> {
  try {
    return await hub.publish(channel, { data }, key === undefined ? {} : { key });
  } catch (error) {
    return { error: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  for (const code of ['ERR_SSE_STORE', 'ERR_SSE_CLOSED', 'ERR_SSE_FENCED'] as const)
    if (hasCode(error, code)) return code;
  return `untyped: ${(error as Error)?.message ?? error}`;
}
