/** Every broken store, by the group of the suite that its defect belongs to. */
import type { StoreGroup } from '../../src/index.js';
import { append } from './append.js';
import type { BrokenStore } from './broken-store.js';
import { close } from './close.js';
import { control } from './control.js';
import { cursors } from './cursors.js';
import { epochs } from './epochs.js';
import { errors } from './errors.js';
import { fence } from './fence.js';
import { floors } from './floors.js';
import { handles } from './handles.js';
import { items } from './items.js';
import { keys } from './keys.js';
import { prev } from './prev.js';
import { read } from './read.js';
import { recovery } from './recovery.js';
import { retention } from './retention.js';
import { snapshots } from './snapshots.js';
import { tail } from './tail.js';
import { writers } from './writers.js';

export const brokenStores: Readonly<Record<StoreGroup, readonly BrokenStore[]>> = {
  append,
  writers,
  fence,
  epochs,
  read,
  floors,
  tail,
  recovery,
  prev,
  retention,
  keys,
  snapshots,
  items,
  cursors,
  control,
  close,
  errors,
  handles,
};
