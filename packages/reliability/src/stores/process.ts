/** What befalls the process behind a store: it is frozen, killed, or its files are put back to an older copy. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Outage, StoreService } from './store.js';

interface ServerProcess {
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

export function outagesOf(server: ServerProcess): Readonly<Record<string, Outage>> {
  return {
    frozen: { begin: async () => server.pause(), end: async () => server.resume() },
    killed: { begin: () => server.kill(), end: () => server.restart() },
  };
}

/** The server's folder `data`, and its copy in `kept`: both are of one moment, because nothing is written while it is frozen. */
export function copiesOf(server: ServerProcess, data: string, kept: string): Pick<StoreService, 'copy' | 'restore'> {
  return {
    copy: async () => {
      server.pause();
      await copyFolder(data, kept);
      server.resume();
    },
    restore: async () => {
      await server.kill();
      await copyFolder(kept, data);
      await server.restart();
    },
  };
}

/** Puts a copy of `from` in the place of `to`, with owners and rights: PostgreSQL insists on its own. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await promisify(execFile)('cp', ['-a', from, to]);
}
