/** Subject: the code under test, as modules, so that a copy with a planted bug can take its place. */
import { fileURLToPath } from 'node:url';

export interface Subject {
  readonly createHub: typeof import('../../src/hub.js').createHub;
  readonly coreOf: typeof import('../../src/hub.js').coreOf;
  readonly Connection: typeof import('../../src/connection.js').Connection;
  readonly MemoryLog: typeof import('../../src/memory/log.js').MemoryLog;
}

export const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));

export async function loadSubject(folder: string = SOURCES): Promise<Subject> {
  const [hub, connection, memory] = await Promise.all([
    import(/* @vite-ignore */ `${folder}/hub.ts`),
    import(/* @vite-ignore */ `${folder}/connection.ts`),
    import(/* @vite-ignore */ `${folder}/memory/log.ts`),
  ]);
  return {
    createHub: hub.createHub,
    coreOf: hub.coreOf,
    Connection: connection.Connection,
    MemoryLog: memory.MemoryLog,
  };
}
