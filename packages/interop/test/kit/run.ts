/** Other programs, at the root of the repository. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

interface Outcome {
  /** Null where a signal ended it, or it could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, however it ends. */
export function run(program: string, args: readonly string[], env = process.env): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: ROOT, env, maxBuffer: 2 ** 28 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
