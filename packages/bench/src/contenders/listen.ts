import { once } from 'node:events';
import type { Server } from 'node:net';

/** Any free port of this machine only. */
export const ADDRESS = { host: '127.0.0.1', port: 0 } as const;

export async function listening<S extends Server>(server: S): Promise<S> {
  server.listen(ADDRESS);
  await once(server, 'listening');
  return server;
}
