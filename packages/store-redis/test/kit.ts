/** What the tests share: a server, a client that looks behind the store's back, and copies of a log. */
import { type RedisServer, startRedis } from '@headwater/services';
import { Redis } from 'ioredis';
import { afterAll } from 'vitest';

/** The server of a test file: its own, or the one of REDIS_URL where a database is all that is needed. */
export async function useRedis(args?: readonly string[]): Promise<{ url: string; redis: Redis }> {
  const given = args ? undefined : process.env.REDIS_URL;
  const server: RedisServer | undefined = given ? undefined : await startRedis(args ? { args } : {});
  const url = given ?? (server as RedisServer).url;
  const redis = new Redis(url);
  afterAll(async () => {
    redis.disconnect();
    await server?.stop();
  });
  return { url, redis };
}

/** A name that no log had before. */
export function newName(): string {
  return `test-${process.pid.toString(36)}-${Date.now().toString(36)}-${(++names).toString(36)}`;
}

let names = 0;

export async function keysOf(redis: Redis, name: string): Promise<Buffer[]> {
  const keys: Buffer[] = [];
  let cursor: Buffer | string = '0';
  do {
    const [next, found] = (await redis.scanBuffer(cursor as string, 'MATCH', `hw:{${name}}:*`, 'COUNT', 1_000)) as [
      Buffer,
      Buffer[],
    ];
    keys.push(...found);
    cursor = next;
  } while (cursor.toString() !== '0');
  return keys;
}

/** All that the server has of a log, as a replica that has got so far would. */
export type Copy = readonly (readonly [key: Buffer, dump: Buffer, ttl: number])[];

export async function copyLog(redis: Redis, name: string): Promise<Copy> {
  return Promise.all(
    (await keysOf(redis, name)).map(async (key) => {
      const [dump, ttl] = await Promise.all([redis.dumpBuffer(key), redis.pttl(key)]);
      return [key, dump as Buffer, Math.max(0, ttl)] as const;
    }),
  );
}

/** Puts the copy in the place of the log, in one step, and cuts everybody else off, as a failover does. */
export async function restoreLog(redis: Redis, name: string, copy: Copy): Promise<void> {
  const keys = await keysOf(redis, name);
  const multi = redis.multi();
  if (keys.length > 0) multi.del(...keys);
  for (const [key, dump, ttl] of copy) multi.restore(key, ttl, dump);
  await multi.exec();
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}

export async function dropLog(redis: Redis, name: string): Promise<void> {
  const keys = await keysOf(redis, name);
  if (keys.length > 0) await redis.del(...keys);
}
