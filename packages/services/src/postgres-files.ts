/**
 * Where PostgreSQL's programs are, whom they run as, and data folders that are ready to be started on.
 * Invariant: `initdb` runs once in a process; every server gets a copy of what it made.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './daemon.js';
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

let template: string | undefined;

/** Puts a new cluster, whose superuser is `postgres` without a password, into `folder`. */
export function initialise(binaries: string, folder: string, user: User | undefined): void {
  if (!template) {
    const made = temporaryFolder('postgres-template');
    own(made, user);
    const args = ['-D', join(made, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    execFileSync(join(binaries, 'initdb'), args, { cwd: made, stdio: 'pipe', ...user });
    template = made;
  }
  own(folder, user);
  copyFolder(join(template, 'data'), join(folder, 'data'));
}

/** With owners, rights and times. */
function copyFolder(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}

function own(folder: string, user: User | undefined): void {
  if (user) execFileSync('chown', [`${user.uid}:${user.gid}`, folder]);
}
