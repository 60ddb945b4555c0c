/** The public surface of `@headwater/client`, in the order of the README. */

export type { ClientClock } from './clock.js';
export { connect, type EventStream, type Heard, type HeardName } from './connect.js';
export { ClientError, type ClientErrorCode, type ClientErrorDetails } from './errors.js';
export type {
  ControlEvents,
  DataOf,
  EventMap,
  EventName,
  EventOf,
  Gap,
  Incoming,
  Open,
  Reset,
  Snapshot,
  StateEvent,
} from './events.js';
export type { Arrived, Fallback, FallbackHost, Host, Keeper, Keeping, NetworkProfile } from './features.js';
export type { Frame } from './frames.js';
export type { ConnectOptions, HeadersContext } from './options.js';
export type { Link } from './position.js';
export type { Ended } from './session.js';
export type { State, Status } from './status.js';
