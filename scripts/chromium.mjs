// Finds the Chromium that the browser tests drive. Run as a script, it also installs one where it can (Debian, as root).
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isMain } from './is-main.mjs';

export const BROWSER_TESTS = 'packages/*/test/**/*.browser.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The path of an installed Chromium: `CHROMIUM_PATH` if set, else the first known name on `PATH`; or `undefined`. */
export function findChromium() {
  const directories = (process.env.PATH ?? '').split(delimiter);
  const onPath = NAMES.flatMap((name) => directories.map((directory) => join(directory, name)));
  const candidates = process.env.CHROMIUM_PATH ? [process.env.CHROMIUM_PATH] : onPath;
  return candidates.find(isExecutable);
}

/** Like `findChromium`, after an attempt to install it: `{ path }`, or `{ reason }` when there is none. */
function ensureChromium() {
  const found = findChromium();
  if (found) return { path: found };
  if (process.env.CHROMIUM_PATH) return { reason: `CHROMIUM_PATH is not executable: ${process.env.CHROMIUM_PATH}` };
  if (!existsSync('/etc/debian_version')) return { reason: 'none on PATH, and this is not Debian' };
  if (process.getuid?.() !== 0) return { reason: 'none on PATH, and only root can install it' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    console.log(`apt-get ${args.join(' ')}`);
    const { status, stdout, stderr } = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) return { reason: `apt-get ${args[0]} failed:\n${stdout}${stderr}` };
  }
  const installed = findChromium();
  return installed ? { path: installed } : { reason: 'the Debian package put none on PATH' };
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (isMain(import.meta.url)) {
  const { path, reason } = ensureChromium();
  if (path) {
    console.log(`Chromium: ${path}`);
  } else {
    console.log(`SKIPPED ${BROWSER_TESTS}: no Chromium (${reason}). Set CHROMIUM_PATH to run them.`);
    if (process.env.CI === 'true') process.exitCode = 1;
  }
}
