/** The contenders by name, in the order of the tables. */
import type { StartContender } from './contender.js';

const CONTENDERS = {
  'headwater-http': async () => (await import('./headwater-http.js')).start(),
  'headwater-express': async () => (await import('./headwater-express.js')).start(),
  'headwater-fastify': async () => (await import('./headwater-fastify.js')).start(),
  'headwater-metrics': async () => (await import('./headwater-metrics.js')).start(),
  plain: async () => (await import('./plain.js')).start(),
  'plain-express': async () => (await import('./plain-express.js')).start(),
  'better-sse': async () => (await import('./better-sse.js')).start(),
  '@fastify/sse': async () => (await import('./fastify-sse.js')).start(),
  'fastify-sse-v2': async () => (await import('./fastify-sse-v2.js')).start(),
  'express-sse': async () => (await import('./express-sse.js')).start(),
  'sse-channel': async () => (await import('./sse-channel.js')).start(),
  'raw-socket': async () => (await import('./raw-socket.js')).start(),
} satisfies Record<string, StartContender>;

export type ContenderName = keyof typeof CONTENDERS;

/** Every name: Headwater, the baselines, the other libraries, the floor. */
export const CONTENDER_NAMES = Object.keys(CONTENDERS) as ContenderName[];

export function startContender(name: ContenderName): ReturnType<StartContender> {
  return CONTENDERS[name]();
}
