/** The groups of the store suite, in the order in which they are best put right. */
import type { StoreTest } from '../store-test.js';
import { append } from './append.js';
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

/** Name of a group of the store suite. */
export type StoreGroup =
  | 'append'
  | 'fence'
  | 'epochs'
  | 'read'
  | 'floors'
  | 'tail'
  | 'prev'
  | 'retention'
  | 'keys'
  | 'snapshots'
  | 'close'
  | 'errors'
  | 'handles';

export const groups: Readonly<Record<StoreGroup, readonly StoreTest[]>> = {
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
