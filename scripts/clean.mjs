// Removes what the build made.
import { rmSync } from 'node:fs';
import { packages } from './packages.mjs';

for (const { directory } of packages) rmSync(`${directory}/dist`, { recursive: true, force: true });
