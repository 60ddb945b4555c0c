/**
 * The check of a server, with each new connection: what would lose history in silence is refused, what may surprise is said.
 * Invariant: what a server does not tell (managed services forbid CONFIG, some restrict INFO) is no reason to refuse it.
 */
import { SseError } from '@headwater/core';
import type { Argument } from './client.js';

const OLDEST_MAJOR = 7;

/** A server with the default save points has saved something by then. */
const LONG_S = 3_600;

/** @throws SseError `ERR_SSE_STORE` where the server cannot keep a log. */
export async function checkServer(
  send: (args: readonly Argument[]) => Promise<unknown>,
  warn: (message: string) => void,
): Promise<void> {
  const info = await infoOf(send);
  if (!info) return;
  const version = info.get('redis_version') ?? '';
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw refused(`the server is version ${version}, and version ${OLDEST_MAJOR} is needed. Upgrade it`);
  }
  if (info.get('role') === 'slave') {
    throw refused(
      'the server is a replica. Connect to its primary, or through Sentinel so that a failover is followed',
    );
  }
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (Number(info.get('maxmemory') ?? 0) > 0 && policy !== 'noeviction') {
    const advice = 'Set maxmemory-policy to noeviction';
    if (policy.startsWith('allkeys')) {
      throw refused(`maxmemory-policy is ${policy}: under pressure the server drops history. ${advice}`);
    }
    warn(
      `Redis has the maxmemory-policy ${policy}: under pressure it drops idempotency keys, snapshots and cursors. ${advice}`,
    );
  }
  if (await isVolatile(info, send)) {
    warn(
      'Redis keeps nothing when it is restarted: neither AOF nor RDB is on, and all history is lost then. Set appendonly to yes',
    );
  }
}

async function infoOf(send: (args: readonly Argument[]) => Promise<unknown>): Promise<Map<string, string> | undefined> {
  const info = new Map<string, string>();
  try {
    for (const line of String(await send(['INFO'])).split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) info.set(line.slice(0, colon), line.slice(colon + 1));
    }
    return info;
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

async function isVolatile(
  info: ReadonlyMap<string, string>,
  send: (args: readonly Argument[]) => Promise<unknown>,
): Promise<boolean> {
  if (info.get('aof_enabled') !== '0') return false;
  try {
    const answer = (await send(['CONFIG', 'GET', 'save'])) as Buffer[];
    return answer.length === 2 && String(answer[1]) === '';
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return info.get('rdb_saves') === '0' && Number(info.get('uptime_in_seconds')) > LONG_S;
  }
}

/** The server has answered, and said no. */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|ERR|NOAUTH)\b/.test(error.message);
}

function refused(why: string): SseError {
  return new SseError('ERR_SSE_STORE', `Cannot use this Redis server: ${why}`, { statusCode: 503 });
}
