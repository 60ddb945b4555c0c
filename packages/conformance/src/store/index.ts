/** The groups of the store suite, in the order in which they are best put right. */
import type { StoreTest } from '../store-test.js';
import { append } from './append.js';
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

/** Name of a group of the store suite. */
export type StoreGroup =
  | 'append'
  | 'writers'
  | 'fence'
  | 'epochs'
  | 'read'
  | 'floors'
  | 'tail'
  | 'recovery'
  | 'prev'
  | 'retention'
  | 'keys'
  | 'snapshots'
  | 'items'
  | 'cursors'
  | 'control'
  | 'close'
  | 'errors'
  | 'handles';

export const groups: Readonly<Record<StoreGroup, readonly StoreTest[]>> = {
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
