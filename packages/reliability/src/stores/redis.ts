/** Redis, with an append-only file: what it acknowledged outlives its process. Frozen, killed, restored while servers follow it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@headwater/services';
import { redisStore } from '@headwater/store-redis';
import { LossyRedis } from '../harness/lossy-redis.js';
import { copiesOf, outagesOf } from './process.js';
import type { StoreKind } from './store.js';

export const redis: StoreKind = {
  name: 'redis',
  isDurable: true,
  isShared: true,
  isEmbedded: false,
  hasItems: true,
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'headwater-redis-'));
    const data = join(folder, 'data');
    await mkdir(data);
    // Written before the answer and flushed when the system likes: lost with the machine's power, not with the process. `everysec`
    // puts the write itself off, for up to two seconds, while a flush is still under way.
    const server = await startRedis({ dir: data, args: ['--appendonly', 'yes', '--appendfsync', 'no'] });
    return {
      spec: { kind: 'redis', where: server.url },
      outages: outagesOf(server),
      ...copiesOf(server, data, join(folder, 'copy')),
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
  openLossyFeed: (where, drops) => LossyRedis.before(where, drops),
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
