/** The check of a server, with each new connection. */
import { SseError } from '@headwater/core';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const OLDEST = [2, 9] as const;

/** JetStream's own interface, where the server can keep a log. @throws SseError `ERR_SSE_STORE` */
export async function managerOf(nc: NatsConnection, timeoutMs: number): Promise<JetStreamManager> {
  const version = nc.info?.version ?? '';
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw refused(`it is version ${version || 'unknown'}, and version ${OLDEST.join('.')} is needed. Upgrade it`);
  }
  if (nc.info?.headers !== true) throw refused('it does not take headers. Remove no_header_support');
  try {
    return await jetstreamManager(nc, { timeout: timeoutMs });
  } catch (error) {
    if ((error as Error | undefined)?.name !== 'JetStreamNotEnabled') throw error;
    throw refused(
      'JetStream does not answer. Enable it (nats-server -js, or jetstream in its configuration and for the account)',
      error,
    );
  }
}

function refused(why: string, cause?: unknown): SseError {
  return new SseError('ERR_SSE_STORE', `Cannot use this NATS server: ${why}`, { cause, statusCode: 503 });
}
