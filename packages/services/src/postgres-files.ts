/**
 * Where PostgreSQL's programs are, whom they run as, and data folders that are ready to be started on.
 * Invariant: `initdb` runs once for all; every server gets a copy of what it made. What lies under its final name is complete.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeFolder, temporaryFolder } from './daemon.js';
import { findProgram } from './find.js';

/** Debian keeps its programs, of which there may be several versions, off the PATH. */
const DEBIAN = '/usr/lib/postgresql';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The folder with `postgres` and `initdb`. @throws Error that says what to do. */
export function findBinaries(): string {
  const given = process.env.HEADWATER_POSTGRES_BIN;
  if (given) return given;
  const program = findProgram({
    command: 'postgres',
    variable: 'HEADWATER_POSTGRES',
    debianPackage: 'postgresql',
    folders: debianFolders,
  });
  // The others lie beside it, not beside a link to it.
  return dirname(realpathSync(program));
}

/** Newest first. */
function debianFolders(): string[] {
  try {
    const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DEBIAN, version, 'bin'));
  } catch {
    return [];
  }
}

/** PostgreSQL refuses to run as root: then it is its package's own user, or nobody. */
export function unprivileged(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
}

/** Puts a new cluster, whose superuser is `postgres` without a password, into `folder`. */
export function initialise(binaries: string, folder: string, user: User | undefined): void {
  own(folder, user);
  copyFolder(join(findTemplate(binaries, user), 'data'), join(folder, 'data'));
}

/** It takes seconds, and so it stays in the folder for temporary files, for every process that comes. */
function findTemplate(binaries: string, user: User | undefined): string {
  const uid = user?.uid ?? process.getuid?.() ?? 0;
  const hash = createHash('sha256').update(`${binaries} ${uid}`).digest('hex').slice(0, 12);
  const template = join(tmpdir(), `headwater-postgres-template-${hash}`);
  if (isOwned(template, uid)) return template;
  const made = temporaryFolder('postgres-new');
  own(made, user);
  const args = ['-D', join(made, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  execFileSync(join(binaries, 'initdb'), args, { cwd: made, stdio: 'pipe', ...user });
  try {
    renameSync(made, template);
  } catch (error) {
    // Another process was faster.
    removeFolder(made);
    if (!isOwned(template, uid)) throw error;
  }
  return template;
}

function isOwned(folder: string, uid: number): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.uid === uid;
}

/** With owners, rights and times. */
function copyFolder(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}

function own(folder: string, user: User | undefined): void {
  if (user) execFileSync('chown', [`${user.uid}:${user.gid}`, folder]);
}
