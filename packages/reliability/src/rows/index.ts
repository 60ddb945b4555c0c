/** The rows, in the order in which they are run. */
import { GOVERNANCE } from '../governance/index.js';
import type { Row } from '../row.js';
import { attachRace } from './attach-race.js';
import { changedChannels } from './changed-channels.js';
import { clientCursors } from './client-cursors.js';
import { clockJumps } from './clock-jumps.js';
import { commitOrder } from './commit-order.js';
import { deepHistory } from './deep-history.js';
import { failover } from './failover.js';
import { hostileIds } from './hostile-ids.js';
import { idempotent } from './idempotent.js';
import { keyedCrash } from './keyed-crash.js';
import { killClient } from './kill-client.js';
import { killServer } from './kill-server.js';
import { longReplay } from './long-replay.js';
import { lossyFeed } from './lossy-feed.js';
import { manyChannels } from './many-channels.js';
import { outage } from './outage.js';
import { restartSilent } from './restart-silent.js';
import { revoke } from './revoke.js';
import { backupRestore, tailLoss } from './rolled-back.js';
import { snapshotRace } from './snapshot-race.js';
import { trimmed } from './trimmed.js';
import { wiped } from './wiped.js';

/** What becomes of messages, and of their readers. */
export const MESSAGES: readonly Row[] = [
  killServer,
  killClient,
  attachRace,
  restartSilent,
  deepHistory,
  longReplay,
  trimmed,
  wiped,
  tailLoss,
  backupRestore,
  hostileIds,
  manyChannels,
  changedChannels,
  lossyFeed,
  outage,
  commitOrder,
  failover,
  idempotent,
  revoke,
  clientCursors,
  snapshotRace,
  keyedCrash,
  clockJumps,
];

export const ROWS: readonly Row[] = [...MESSAGES, ...GOVERNANCE];
