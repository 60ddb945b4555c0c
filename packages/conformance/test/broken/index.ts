/** Every broken store, by the group of the suite that its defect belongs to. */
import type { StoreGroup } from '../../src/index.js';
import { append } from './append.js';
import type { BrokenStore } from './broken-store.js';
import { close } from './close.js';
import { epochs } from './epochs.js';
import { errors } from './errors.js';
import { fence } from './fence.js';
import { floors } from './floors.js';
import { handles } from './handles.js';
import { keys } from './keys.js';
import { prev } from './prev.js';
import { read } from './read.js';
import { retention } from './retention.js';
import { snapshots } from './snapshots.js';
import { tail } from './tail.js';

export const brokenStores: Readonly<Record<StoreGroup, readonly BrokenStore[]>> = {
  append,
  fence,
  epochs,
  read,
  floors,
  tail,
  prev,
  retention,
  keys,
  snapshots,
  close,
  errors,
  handles,
};
