/** The processes below another one, as the system has them. */
import { readdirSync, readFileSync } from 'node:fs';

/** The children of `parent`. Linux. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

/** False also for one that has ended and only waits to be noticed. */
export function isRunning(pid: number): boolean {
  const state = stat(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Milliseconds that the process has computed until now, and those of its children that have ended. Linux. */
export function cpuMsOf(pid: number): number {
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = stat(pid)?.slice(11, 15).map(Number) ?? [];
  return (utime + stime + cutime + cstime) * MS_PER_TICK;
}

/** `sysconf(_SC_CLK_TCK)` is 100 wherever Node runs. */
const MS_PER_TICK = 10;

function parentOf(pid: number): number | undefined {
  const parent = stat(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** State, parent, ... of /proc/pid/stat: what follows the program's name, which may contain anything. */
function stat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
