/**
 * Session: one attempt after the other until the end, and the wait in between. At most one request for events is open. It decides
 * when to connect, and what an error means.
 */
import { boundedWait, HEALTHY_MS, nextWait } from './backoff.js';
import { createAlarm } from './clock.js';
import { ClientError, toClientError } from './errors.js';
import type { Incoming } from './events.js';
import type { FallbackHost } from './features.js';
import { createLine } from './line.js';
import type { Resolved } from './options.js';
import { createPosition } from './position.js';
import { request } from './request.js';
import type { State, Status } from './status.js';
import { type Environment, listenForWakes } from './wake.js';

/** How a client ended: by `close()`, because the server said that there is nothing to come back for, or by a final error. */
export interface Ended {
  readonly reason: 'client' | 'server' | 'error';
  readonly error?: ClientError;
}

/** Who takes what a session brings. */
export interface SessionListener {
  event(event: Incoming): void;
  status(status: Status): void;
  error(error: ClientError): void;
  /** Resolves when there is room for more; undefined where there is. */
  room(): Promise<void> | undefined;
  /** The position up to which everything has been applied. */
  applied(): string;
  ended(ended: Ended): void;
}

export interface Session {
  readonly position: { readonly id: string; readonly channels: readonly string[] };
  status: Status;
  /** The position before the first event. */
  begunAt: string;
  /** Resolves when the session has ended. Never rejects. */
  readonly closed: Promise<Ended>;
  /** An event has been applied. */
  applied(): void;
  close(): void;
}

/** Longest wait after the browser says that the network is back, in milliseconds. */
const WAKE_JITTER_MS = 1_000;

/** Nothing is begun within this call. */
export function createSession(
  options: Resolved,
  listener: SessionListener,
  scope: Environment = globalThis as Environment,
): Session {
  const { clock, sync } = options;
  const position = createPosition();
  const alarm = createAlarm(clock);
  const closing = new AbortController();
  const closed = closing.signal;
  let abort = closing;
  let resolveClosed: (ended: Ended) => void = () => {};
  let goOn = () => {};
  /** Attempts since the last one that held. */
  let failures = 0;
  /** The next attempt is the fallback's. */
  let isHeldBack = false;
  /** The next attempt asks for a new token; the last one did. */
  let isRefreshing = false;
  let wasRefreshed = false;
  /** The next wait is a short one. */
  let isHurried = false;
  /** The wait is one that the server asked for, and that nothing shortens. */
  let isAsked = false;

  const setState = (state: State) => {
    if (state === self.status.state) return;
    self.status = { state, since: clock.now() };
    listener.status(self.status);
  };
  const failed = (error: unknown) => {
    if (!closed.aborted) listener.error(toClientError(error, 'ERR_CLIENT_PARSE', 'Not parsed'));
  };
  const end = (ended: Ended) => {
    if (closed.aborted) return;
    closing.abort();
    for (const keeper of keepers) keeper.stop?.();
    abort.abort();
    alarm.clear();
    goOn();
    setState('offline');
    listener.ended(ended);
    resolveClosed(ended);
  };
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      goOn = resolve;
      alarm.set(ms, resolve);
    });
  const jitter = () => options.random() * WAKE_JITTER_MS;
  const applied = () => {
    for (const keeper of keepers) keeper.moved();
  };

  const line = createLine(options, position, {
    room: listener.room,
    state: setState,
    failed,
    event(event) {
      const { type, data } = event as Incoming<string, { reason: string; retryMs: number }>;
      // A listener has closed the client: what else has come is not delivered.
      closed.throwIfAborted();
      listener.event(event);
      applied();
      if (type === 'sse.ping') isRefreshing = data.reason === 'expired';
      if (type === 'sse.bye') end({ reason: 'server' });
      if (type !== 'sse.busy') return;
      const retryAfterMs = boundedWait(data.retryMs);
      throw new ClientError('ERR_CLIENT_BUSY', `Busy: ${data.reason}`, { retryAfterMs });
    },
  });
  const host: FallbackHost = {
    ...options,
    position,
    request: (url, init) => request(options, wasRefreshed, url, init),
    applied: listener.applied,
    failed,
    line,
    state: setState,
    room: listener.room,
    pause: wait,
  };
  const keepers = [options.position, options.ack].flatMap((keeper) => keeper?.start(host) ?? []);
  const profile = () => options.network?.(line.rttMs) ?? [undefined, 2];

  listenForWakes(scope, closed, (type) => {
    if (type === 'offline') return setState(type);
    const isConnected = line.liveAt >= 0;
    // A page that was away may have missed a heartbeat; a network that was away has taken the connection with it.
    if (isConnected && /show|visib/.test(type) && !line.isStale()) return;
    if (alarm.isSet()) return isAsked || alarm.set(jitter(), goOn);
    isHurried = true;
    if (isConnected) abort.abort(new ClientError('ERR_CLIENT_NETWORK', `Dropped: ${type}`));
  });

  /** Makes one attempt. What ended it, if it was an error. */
  const attempt = async (): Promise<ClientError | undefined> => {
    abort = new AbortController();
    const { signal } = abort;
    wasRefreshed = isRefreshing;
    isRefreshing = false;
    try {
      if (isHeldBack && sync) {
        await sync(host, signal);
        isHurried = true;
      } else if (!(await line.stream(abort, wasRefreshed, profile()[0]))) end({ reason: 'server' });
      return undefined;
    } catch (error) {
      return toClientError(signal.aborted ? signal.reason : error, 'ERR_CLIENT_NETWORK', 'No connection');
    } finally {
      failures = clock.elapsed() - line.liveAt >= HEALTHY_MS ? 1 : failures + 1;
      line.over();
      abort.abort();
    }
  };

  const run = async () => {
    for (const keeper of keepers) position.id ||= (await keeper.load?.()) ?? '';
    // Nothing is begun within `createSession`, whose caller does not have it yet.
    self.begunAt = position.id ||= await (options.lastEventId ?? '');
    while (!closed.aborted) {
      const error = await attempt();
      if (closed.aborted) return;
      if (error) listener.error(error);
      // Once: a token that is refused although it is new will not be taken the next time either.
      isRefreshing ||= error?.status === 401 && !wasRefreshed && typeof options.headers === 'function';
      isHeldBack = sync !== undefined && error?.code === 'ERR_CLIENT_NO_ANSWER';
      if (error && !isRefreshing && options.isFinal(error)) return end({ reason: 'error', error });
      const isDown = scope.navigator?.onLine === false || failures > profile()[1];
      setState(isDown ? 'offline' : 'connecting');
      const askedMs = error?.retryAfterMs ?? 0;
      isAsked = askedMs > 0;
      const isShort = (isHurried || isRefreshing || isHeldBack) && !isAsked;
      isHurried = false;
      await wait(isShort ? jitter() : nextWait(options, failures, Math.max(askedMs, line.retryMs)));
    }
  };

  const self: Session = {
    position,
    status: { state: 'connecting', since: clock.now() },
    begunAt: '',
    closed: new Promise((resolve) => {
      resolveClosed = resolve;
    }),
    applied,
    close: () => end({ reason: 'client' }),
  };
  void run();
  return self;
}
