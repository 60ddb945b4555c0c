/** Status: how the stream is doing, for a user interface. */

/**
 * `connecting`: there is no stream, and another attempt is made. `catching-up`: the stream brings what was missed. `live`: what
 * arrives is new. `offline`: the network is gone, too many attempts have failed, or the stream has ended for good.
 */
export type State = 'connecting' | 'catching-up' | 'live' | 'offline';

/** A state, and since when. */
export interface Status {
  readonly state: State;
  /** Milliseconds since 1970. */
  readonly since: number;
}
