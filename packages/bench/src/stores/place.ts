/** Place: somewhere new for one measurement to keep its log, and what the database behind it spends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats, startPostgres, startRedis } from '@headwater/services';
import { connect } from '@nats-io/transport-node';
import { createClient } from 'redis';
import type { StoreName } from './spec.js';

export interface Place {
  /** The folder or the URL. */
  readonly where: string;
  /** CPU time of the database's own processes so far, in milliseconds; 0 where it has none. */
  cpuMs(): Promise<number>;
  close(): Promise<void>;
}

const engines = new Set<string>();

/** The databases that this process has started until now, with their versions. */
export function enginesUsed(): string[] {
  return [...engines];
}

/** What the guide for production says: on the disk at most a second later. */
const REDIS_ARGS = ['--appendonly', 'yes', '--appendfsync', 'everysec'];

/** PostgreSQL's own defaults: a commit waits for the disk. */
const POSTGRES_SETTINGS = { fsync: 'on', full_page_writes: 'on' };

const MAKE: Readonly<Record<StoreName, () => Promise<Place>>> = {
  memory: async () => ({ where: '', cpuMs: async () => 0, close: async () => {} }),
  async lmdb() {
    const where = await mkdtemp(join(tmpdir(), 'headwater-bench-'));
    return { where, cpuMs: async () => 0, close: () => rm(where, { recursive: true, force: true }) };
  },
  async redis() {
    const server = await startRedis({ args: REDIS_ARGS });
    const client = createClient({ url: server.url });
    await client.connect();
    engines.add(`redis-server ${(await client.info('server')).match(/^redis_version:(\S+)/m)?.[1]}`);
    return {
      where: server.url,
      cpuMs: async () => cpuMsIn(await client.info('cpu')),
      async close() {
        client.destroy();
        await server.stop();
      },
    };
  },
  async postgres() {
    const server = await startPostgres({ settings: POSTGRES_SETTINGS });
    engines.add(`postgres ${(await server.psql('show server_version')).split(/\s/)[0]}`);
    return { where: server.url, cpuMs: async () => server.cpuMs(), close: () => server.stop() };
  },
  async nats() {
    const server = await startNats();
    const nc = await connect({ servers: server.url });
    engines.add(`nats-server ${nc.info?.version}`);
    await nc.close();
    return { where: server.url, cpuMs: async () => server.cpuMs(), close: () => server.stop() };
  },
};

/** A place of that kind for the time of `use`. */
export async function withPlace<Result>(kind: StoreName, use: (place: Place) => Promise<Result>): Promise<Result> {
  const place = await MAKE[kind]();
  try {
    return await use(place);
  } finally {
    await place.close();
  }
}

/** The server's own account: `used_cpu_sys` and `used_cpu_user`, in seconds. */
function cpuMsIn(info: string): number {
  const seconds = ['sys', 'user'].map((part) =>
    Number(info.match(new RegExp(`^used_cpu_${part}:([0-9.]+)`, 'm'))?.[1]),
  );
  return seconds.reduce((sum, part) => sum + part, 0) * 1e3;
}
