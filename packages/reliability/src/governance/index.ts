/** The rows of governance: who may, how many, how long, and how it ends. */
import type { Row } from '../row.js';
import { blackholed } from './blackholed.js';
import { canary } from './canary.js';
import { drained } from './drain.js';
import { expiry } from './expiry.js';
import { leakSoak } from './leak-soak.js';
import { neverReading } from './never-reading.js';
import { oversized } from './oversized.js';
import { revokeReplay } from './revoke-replay.js';
import { rolling } from './rolling.js';
import { slowReader } from './slow-reader.js';
import { storm } from './storm.js';

export const GOVERNANCE: readonly Row[] = [
  slowReader,
  blackholed,
  neverReading,
  storm,
  drained,
  rolling,
  canary,
  expiry,
  revokeReplay,
  leakSoak,
  oversized,
];
