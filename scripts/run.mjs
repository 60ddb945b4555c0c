// Starts the commands of the other scripts, always from the root of the repository.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Intermediate results of the scripts. Never packed, ignored by git, removed with node_modules. */
export const CACHE = `${ROOT}node_modules/.cache/headwater`;

/** pnpm is not expected on the machine: npm fetches it. */
export const PNPM = ['npx', '-y', 'pnpm@12'];

/** The path of a tool of the repository, for example `bin('tsc')`. */
export const bin = (name) => `${ROOT}node_modules/.bin/${name}`;

/** Runs a command. Resolves to its exit code and, when `capture` is set, to what it printed instead of letting it print. */
export function run([command, ...args], { cwd = ROOT, env = {}, capture = false } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 1, output: `${Buffer.concat(chunks)}${signal ? `\nkilled by ${signal}\n` : ''}` }),
    );
  });
}

/** Runs a command that must succeed: ends this process with the command's exit code otherwise. */
export async function mustRun(command, options) {
  const { code, output } = await run(command, options);
  if (code === 0) return output;
  process.stderr.write(output);
  console.error(`Failed with exit code ${code}: ${command.join(' ')}`);
  process.exit(code);
}
