/** Messages: what the tabs that share a connection say to one another, over a BroadcastChannel. */
import type { ClientErrorCode } from '../errors.js';
import type { Incoming } from '../events.js';
import type { Status } from '../status.js';

/** The newest state of the tab that has the connection. */
export interface Leading {
  readonly id: string;
  readonly channels: readonly string[];
  readonly status: Status;
}

export type TabMessage =
  /** A tab is new here: where is everybody? */
  | { readonly kind: 'join' }
  /** A tab takes over: from where must it go on? */
  | { readonly kind: 'elected' }
  /** Up to here a tab has everything. */
  | { readonly kind: 'place'; readonly id: string }
  | { readonly kind: 'leading'; readonly leading: Leading }
  /** `isPlaced`: the event has an id of its own. */
  | {
      readonly kind: 'event';
      readonly event: Incoming;
      readonly isPlaced: boolean;
      readonly channels: readonly string[];
    }
  | {
      readonly kind: 'ended';
      readonly reason: 'server' | 'error';
      readonly error?: { readonly code: ClientErrorCode; readonly message: string; readonly status?: number };
    };
