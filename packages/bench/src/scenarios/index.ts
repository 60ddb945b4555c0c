/** The scenarios, in the order in which they run. */
import { appends } from './appends.js';
import { buffers } from './buffers.js';
import { connectRate } from './connect-rate.js';
import { fanout1000, fanout9000 } from './fanout.js';
import { idleMemory } from './idle-memory.js';
import { metricsCost } from './metrics-cost.js';
import { publishCost } from './publish-cost.js';
import { relay } from './relay.js';
import { replay } from './replay.js';
import { resumeStorm } from './resume-storm.js';
import type { Scenario } from './scenario.js';
import { single } from './single.js';
import { slowClient } from './slow-client.js';

export const SCENARIOS: readonly Scenario[] = [
  fanout1000,
  fanout9000,
  single,
  publishCost,
  idleMemory,
  connectRate,
  slowClient,
  replay,
  resumeStorm,
  appends,
  relay,
  metricsCost,
  buffers,
];
