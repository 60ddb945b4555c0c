/** Redis, with an append-only file: what it acknowledged outlives its process. Frozen, killed, restored while servers follow it. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@headwater/services';
import { redisStore } from '@headwater/store-redis';
import type { StoreKind } from './store.js';

export const redis: StoreKind = {
  name: 'redis',
  isDurable: true,
  isShared: true,
  isEmbedded: false,
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'headwater-redis-'));
    const data = join(folder, 'data');
    const kept = join(folder, 'copy');
    await mkdir(data);
    // Written with every command and flushed each second: lost with the machine's power, not with the process.
    const server = await startRedis({ dir: data, args: ['--appendonly', 'yes', '--appendfsync', 'everysec'] });
    return {
      spec: { kind: 'redis', where: server.url },
      outages: {
        frozen: { begin: async () => server.pause(), end: async () => server.resume() },
        killed: { begin: () => server.kill(), end: () => server.restart() },
      },
      copy: async () => {
        await rm(kept, { recursive: true, force: true });
        await cp(data, kept, { recursive: true });
      },
      restore: async () => {
        await server.kill();
        await rm(data, { recursive: true, force: true });
        await cp(kept, data, { recursive: true });
        await server.restart();
      },
      wipe: () => flush(server.port),
      stop: async () => {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
  open: ({ where = '', retention, usesClock }, clock) =>
    redisStore({
      url: where,
      onWarning: () => {},
      ...(retention ? { retention } : {}),
      // Otherwise all time is the server's.
      ...(usesClock ? { clock } : {}),
    }),
};

function flush(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('FLUSHALL\r\n'));
    socket.on('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      if (answer.toString().startsWith('+OK')) resolve();
      else reject(new Error(`FLUSHALL answered ${answer}`));
    });
  });
}
