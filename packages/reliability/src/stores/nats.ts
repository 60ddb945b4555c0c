/** NATS JetStream: a stream in a file. Frozen, killed, restored while servers follow it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startNats } from '@headwater/services';
import { natsStore } from '@headwater/store-nats';
import { copiesOf, outagesOf } from './process.js';
import type { StoreKind } from './store.js';

export const nats: StoreKind = {
  name: 'nats',
  isDurable: true,
  isShared: true,
  isEmbedded: false,
  hasItems: false,
  async start() {
    const server = await startNats();
    const data = join(server.dir, 'jetstream');
    return {
      spec: { kind: 'nats', where: server.url },
      outages: outagesOf(server),
      ...copiesOf(server, data, join(server.dir, 'copy')),
      wipe: async () => {
        await server.kill();
        await rm(data, { recursive: true, force: true });
        await server.restart();
      },
      stop: () => server.stop(),
    };
  },
  open: ({ where = '', retention, usesClock }, clock) =>
    natsStore({
      servers: where,
      onWarning: () => {},
      ...(retention ? { retention } : {}),
      // Otherwise all time is the server's.
      ...(usesClock ? { clock } : {}),
    }),
};
