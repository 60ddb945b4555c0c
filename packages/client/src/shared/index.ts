/**
 * Shared: one connection for all tabs of a browser. The tab that holds a lock has it and tells the others what comes; when that tab
 * is closed the next one takes over, from the place up to which every tab has everything. Each tab leaves out what it has already.
 */
import { createStream, type EventStream } from '../connect.js';
import { ClientError } from '../errors.js';
import type { EventMap } from '../events.js';
import { type ConnectOptions, resolveOptions } from '../options.js';
import { createSession } from '../session.js';
import { browserScope, type SharedScope } from './scope.js';
import { createTab } from './tab.js';

export type { Leading, TabMessage } from './messages.js';
export type { Locks, SharedScope, TabChannel } from './scope.js';
export { ClientError };

/** Options of `connectShared`. */
export interface SharedOptions extends ConnectOptions {
  /** Tabs with the same name share one connection. Default: the URL. */
  readonly name?: string | undefined;
  /** Default: the browser's. */
  readonly scope?: SharedScope | undefined;
}

/**
 * As `connect`, with one connection for all tabs that ask for the same `name`. Needs Web Locks and BroadcastChannel: where they are
 * missing, each tab has a connection of its own. A tab without a `lastEventId` begins at the present. Headers, acknowledgements and
 * storage are those of the tab that has the connection; an iteration that is slow slows the stream in that tab alone.
 * @example
 * const stream = connectShared('/news');
 */
export function connectShared<Map extends object = EventMap>(
  url: string | URL,
  { name, scope = browserScope(), ...options }: SharedOptions = {},
): EventStream<Map> {
  const resolved = resolveOptions(url, options);
  const tabs = name ?? `headwater:${resolved.url}`;
  return createStream(resolved, (listener) =>
    scope ? createTab(resolved, listener, scope, tabs) : createSession(resolved, listener),
  );
}
