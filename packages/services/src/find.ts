/** Finding a server's program: named by a variable, on the PATH, or installed from Debian's packages where that is possible. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that a service needs. */
export interface Program {
  /** What it is called on the PATH. */
  readonly command: string;
  /** The environment variable that may give its path. */
  readonly variable: string;
  /** Debian's package that has it. */
  readonly debianPackage: string;
  /** Folders outside the PATH where that package puts it. */
  readonly folders?: () => readonly string[];
}

const found = new Map<string, string>();

/** The program's path. It is installed if it is not there, which takes a moment. @throws Error that says what to do. */
export function findProgram(program: Program): string {
  const { command, variable, debianPackage } = program;
  const given = process.env[variable];
  if (given) {
    if (!isProgram(given)) throw new Error(`${variable} is ${given}, which is not a program`);
    return given;
  }
  const path = found.get(command) ?? search(program) ?? install(program);
  if (!path) {
    throw new Error(`${command} is not there: install it (Debian: ${debianPackage}), or set ${variable} to its path`);
  }
  found.set(command, path);
  return path;
}

function search({ command, folders = () => [] }: Program): string | undefined {
  const all = [...(process.env.PATH ?? '').split(delimiter), ...folders()].filter((folder) => folder !== '');
  return all.map((folder) => join(folder, command)).find(isProgram);
}

function install(program: Program): string | undefined {
  if (process.getuid?.() !== 0 || !isProgram('/usr/bin/apt-get')) return undefined;
  apt('update');
  // The package must not start a server of its own.
  apt('install', '--yes', '--no-install-recommends', program.debianPackage);
  return search(program);
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { status, stderr } = spawnSync('apt-get', ['-q', ...args], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed: ${stderr}`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
