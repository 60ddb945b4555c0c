/** `@headwater/core/store-kit`: what stores share, for whoever writes one. The contract itself is in `@headwater/core`. */

export { withTrace } from '../labels.js';
export { type EncodingOptions, toNewEntry } from '../new-entry.js';
export { asError, closed, failed, fenced, wrongPosition } from './errors.js';
export { type AppendCall, GroupCommit, type Outcome } from './group-commit.js';
export { tellEntries, tellLost } from './listener.js';
export { oncePerChannel, oncePerMessage } from './once.js';
export { type Connecting, Reconnecting } from './reconnecting.js';
export { Recurring } from './recurring.js';
export {
  type Bounds,
  type Keeping,
  type Retention,
  type RetentionOptions,
  resolveRetention,
  toBound,
} from './retention.js';
