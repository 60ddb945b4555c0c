/** The page loads the client as the build makes it: this makes it, of the sources as they are. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll } from 'vitest';

const ROOT = new URL('../../../', import.meta.url).pathname;

/** To be called once, at the top of a file. */
export function useBuiltClient(): void {
  beforeAll(() => promisify(execFile)(`${ROOT}node_modules/.bin/tsc`, ['-b', `${ROOT}packages/client`]), 60_000);
}
