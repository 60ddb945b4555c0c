/** Delivers messages that must be acknowledged: with a key, again and again, to whichever server is up. */
import { pick } from './random.js';
import type { Server } from './server.js';
import { pause } from './wait.js';

export interface Keyed {
  readonly channel: string;
  readonly data: unknown;
  readonly key: string;
}

const RETRY_MS = 25;

/** The ids, in the order of the messages. */
export async function deliver(
  messages: readonly Keyed[],
  servers: readonly Server[],
  random: () => number,
): Promise<string[]> {
  const ids = new Map<string, string>();
  for (let left = messages; left.length > 0; ) {
    const answers = await pick(random, servers)
      .call<{ id?: string }[]>('publish', left)
      .catch(() => []);
    left.forEach(({ key }, index) => {
      const id = answers[index]?.id;
      if (id !== undefined) ids.set(key, id);
    });
    left = left.filter(({ key }) => !ids.has(key));
    if (left.length > 0) await pause(RETRY_MS);
  }
  return messages.map(({ key }) => ids.get(key) as string);
}
