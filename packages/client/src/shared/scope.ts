/** Scope: what tabs share a connection with. Both are browsers' own; a runtime that lacks one gets a connection for each tab. */
import type { TabMessage } from './messages.js';

/** `navigator.locks`: whoever holds the lock has the connection. */
export interface Locks {
  request(name: string, options: { signal: AbortSignal }, held: () => Promise<void>): Promise<unknown>;
}

/** A BroadcastChannel. */
export interface TabChannel {
  onmessage: ((event: { data: TabMessage }) => void) | null;
  postMessage(message: TabMessage): void;
  close(): void;
}

export interface SharedScope {
  readonly locks: Locks;
  open(name: string): TabChannel;
}

/** The browser's; undefined where it lacks something. */
export function browserScope(): SharedScope | undefined {
  const { navigator, BroadcastChannel } = globalThis as {
    navigator?: { locks?: Locks };
    BroadcastChannel?: new (name: string) => unknown;
  };
  const locks = navigator?.locks;
  if (!locks || !BroadcastChannel) return undefined;
  return { locks, open: (name) => new BroadcastChannel(name) as TabChannel };
}
