/**
 * Tab: one of those that share a connection. It follows what the leader tells, and leads when it gets the lock. A tab that begins at
 * an id reads a stream of its own until it has caught up with the leader, and only then follows.
 */
import { createAlarm } from '../clock.js';
import { ClientError } from '../errors.js';
import type { Incoming } from '../events.js';
import type { Resolved } from '../options.js';
import { createSession, type Ended, type Session, type SessionListener } from '../session.js';
import type { Status } from '../status.js';
import type { Leading, TabMessage } from './messages.js';
import { earliest, isPast } from './places.js';
import type { SharedScope } from './scope.js';

/** How long a new leader waits for the others to say where they are, in milliseconds. */
const ELECTION_MS = 100;

export function createTab(options: Resolved, listener: SessionListener, scope: SharedScope, name: string): Session {
  const channel = scope.open(name);
  const election = createAlarm(options.clock);
  const closing = new AbortController();
  /** The tab's own connection: the leader's, or one to catch up with. */
  let session: Session | undefined;
  let isLeading = false;
  let leaderId = '';
  let places: string[] = [];
  let release = () => {};
  let resolveClosed: (ended: Ended) => void = () => {};

  const post = (message: TabMessage) => channel.postMessage(message);
  const tellLeading = () => {
    const leading: Leading = { id: self.position.id, channels: self.position.channels, status: self.status };
    if (isLeading) post({ kind: 'leading', leading });
  };
  const setStatus = (status: Status) => {
    if (status.state === self.status.state) return;
    self.status = status;
    listener.status(status);
  };
  const end = (ended: Ended) => {
    if (closing.signal.aborted) return;
    closing.abort();
    election.clear();
    session?.close();
    release();
    channel.close();
    setStatus({ state: 'offline', since: options.clock.now() });
    listener.ended(ended);
    resolveClosed(ended);
  };

  /** Every event comes through here, from the leader or from the tab's own connection. */
  const take = (event: Incoming, isPlaced: boolean, channels: readonly string[]) => {
    if (isPlaced && isPast(event.id, self.position.id)) return;
    // After a reset ids may begin again before the place.
    const id = event.type === 'sse.reset' ? '' : isPlaced ? event.id : self.position.id;
    self.position = { id, channels };
    listener.event(event);
  };

  const connect = (lastEventId: string, isLeader: boolean) => {
    let before = lastEventId;
    // What the tabs say counts more than what was stored, which may be ahead of some of them.
    const keeper = isLeader ? options.position : undefined;
    const position = lastEventId === '' ? keeper : withoutLoading(keeper);
    session = createSession(
      { ...options, lastEventId, ack: isLeader ? options.ack : undefined, position },
      {
        event(event) {
          const { channels } = (session as Session).position;
          const isPlaced = event.id !== before;
          before = event.id;
          if (isLeader) post({ kind: 'event', event, isPlaced, channels });
          take(event, isPlaced, channels);
          if (!isLeader) followIfCaughtUp();
        },
        status(status) {
          setStatus(status);
          tellLeading();
        },
        error: listener.error,
        room: listener.room,
        applied: listener.applied,
        ended(ended) {
          if (ended.reason === 'client') return;
          const { code, message, status } = ended.error ?? {};
          const error = code && message ? { error: { code, message, ...(status && { status }) } } : {};
          if (isLeader) post({ kind: 'ended', reason: ended.reason, ...error });
          end(ended);
        },
      },
    );
  };

  const followIfCaughtUp = () => {
    if (isLeading || !session || leaderId === '' || !isPast(leaderId, self.position.id)) return;
    session.close();
    session = undefined;
  };

  const lead = () => {
    if (closing.signal.aborted) return;
    isLeading = true;
    places = [self.position.id];
    post({ kind: 'elected' });
    election.set(ELECTION_MS, () => {
      session?.close();
      connect(earliest(places), true);
      tellLeading();
    });
  };

  const heard = (message: TabMessage) => {
    switch (message.kind) {
      case 'join':
        return tellLeading();
      case 'elected':
        return post({ kind: 'place', id: self.position.id });
      case 'place':
        return void places.push(message.id);
      case 'leading': {
        const { id, channels, status } = message.leading;
        leaderId = id;
        if (session) return followIfCaughtUp();
        // A tab without a place begins where the leader is.
        if (self.position.id === '') self.position = { id, channels };
        return setStatus(status);
      }
      case 'event':
        leaderId = message.event.id;
        if (session) return followIfCaughtUp();
        return take(message.event, message.isPlaced, message.channels);
      case 'ended': {
        const { reason, error } = message;
        return end({ reason, ...(error && { error: new ClientError(error.code, error.message, error) }) });
      }
    }
  };

  const self: { -readonly [K in keyof Session]: Session[K] } = {
    position: { id: options.lastEventId ?? '', channels: [] },
    status: { state: 'connecting', since: options.clock.now() },
    begunAt: options.lastEventId ?? '',
    closed: new Promise((resolve) => {
      resolveClosed = resolve;
    }),
    applied: () => session?.applied(),
    close: () => end({ reason: 'client' }),
  };
  channel.onmessage = ({ data }) => heard(data);
  queueMicrotask(() => {
    if (closing.signal.aborted) return;
    post({ kind: 'join' });
    if (self.position.id !== '') connect(self.position.id, false);
    const held = () => {
      lead();
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    };
    // Rejects where the tab ends before its turn comes.
    scope.locks.request(name, { signal: closing.signal }, held).catch(() => {});
  });
  return self as Session;
}

/** The position is kept, and begun elsewhere. */
function withoutLoading(keeper: Resolved['position']): Resolved['position'] {
  if (!keeper) return undefined;
  return { start: (host) => ({ ...keeper.start(host), load: () => '' }) };
}
