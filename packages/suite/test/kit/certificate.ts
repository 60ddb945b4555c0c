/** A key and its certificate for localhost and 127.0.0.1, which signs itself. */
import { readFileSync } from 'node:fs';

export const pem: Buffer = readFileSync(new URL('../../../core/test/fixtures/localhost.pem', import.meta.url));
