/** What the numbers depend on: machine, versions, limits. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';

const LIBRARIES = [
  '@headwater/core',
  'better-sse',
  '@fastify/sse',
  'fastify-sse-v2',
  'express-sse',
  'sse-channel',
  'express',
  'fastify',
  'lmdb',
  'redis',
  'pg',
  '@nats-io/jetstream',
];

/** Files that a process has open beside its connections, generously. */
const OTHER_FILES = 200;

/** What is told above all tables. */
export interface Machine {
  readonly machine: string;
  readonly load: string;
  readonly node: string;
  readonly libraries: string;
  readonly date: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    machine: `${cores.length} x ${cores[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release().split('-')[0]}`,
    load: `${loadavg()[0]?.toFixed(2)} before the first round`,
    node: process.version,
    libraries: LIBRARIES.map((name) => `${name} ${versionOf(name)}`).join(', '),
    date: new Date().toISOString(),
  };
}

/** Why `clients` connections do not fit into the limit on open files, or undefined. */
export function checkOpenFiles(clients: number): string | undefined {
  const { userLimits } = process.report.getReport() as unknown as Record<string, Record<string, { soft: unknown }>>;
  const soft = userLimits?.open_files?.soft;
  const limit = soft === 'unlimited' || soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  const needed = clients + OTHER_FILES;
  if (limit >= needed) return undefined;
  return `${clients} clients need ${needed} open files per process, the limit is ${limit}: run "ulimit -n ${needed}" first, or pass --clients ${Math.max(1, limit - OTHER_FILES)}`;
}

function versionOf(name: string): string {
  // Not every package exports its package.json.
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
      if (manifest.name === name && manifest.version) return manifest.version;
    } catch {}
    if (dirname(folder) === folder) return '?';
    folder = dirname(folder);
  }
}
