/** The replay hook: the application's own history behind the hub's. */
import type { Clock } from './clock.js';
import { SseError } from './errors.js';
import type { Message } from './message.js';
import type { Outlet } from './outlet.js';
import { withTimeout } from './snapshots.js';
import { messagesOf } from './source.js';

/** What a replay hook is asked. */
export interface ReplayRequest {
  /** The id that the hub could not resume, as the client sent it: untrusted, at most 8 KB, never logged by the hub. */
  readonly lastEventId: string;
  readonly channels: readonly string[];
  /** The framework's request. */
  readonly request: unknown;
}

export type ReplaySource = AsyncIterable<Message> | Iterable<Message>;

/**
 * Yields what the client missed, oldest first, each with an id of the application's own; hub frames of after the call follow.
 * Undefined: the hook cannot help, and the client gets a reset. An overlap with the hub's frames is possible, a hole is not.
 */
export type ReplayHook = (request: ReplayRequest) => ReplaySource | undefined | Promise<ReplaySource | undefined>;

/** Runs the hook to its end at the pace of the client. False where it has no answer; `begin` is called before its first frame. */
export async function runReplayHook(
  hook: ReplayHook,
  outlet: Outlet,
  run: { request: ReplayRequest; timeoutMs: number; clock: Clock; isCurrent: () => boolean; begin: () => void },
): Promise<boolean> {
  const source = await withTimeout(run.clock, run.timeoutMs, 'Replay hook', () => hook(run.request));
  if (!source) return false;
  if (!run.isCurrent()) return true;
  run.begin();
  const messages = messagesOf(source, outlet.signal);
  try {
    for await (const message of messages) {
      if (!run.isCurrent() || !(await outlet.send(message))) break;
    }
  } catch (cause) {
    throw new SseError('ERR_SSE_CALLBACK', `Replay hook failed: ${(cause as Error)?.message ?? cause}`, { cause });
  }
  return true;
}
