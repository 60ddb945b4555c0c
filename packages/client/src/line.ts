/**
 * Line: one attempt, a stream or a stretch of its fallback, from the request to its end. It watches the silence, and says how the
 * attempt is doing. It knows nothing of the next one.
 */
import { streamOf } from './answer.js';
import { boundedWait } from './backoff.js';
import { ClientError, type ClientErrorCode } from './errors.js';
import type { Incoming, Open } from './events.js';
import { frameReader } from './frames.js';
import { createIntake, type Intake, isControl } from './intake.js';
import type { Resolved } from './options.js';
import type { Position } from './position.js';
import { requestStream } from './request.js';
import type { SessionListener } from './session.js';
import type { State } from './status.js';
import { createWatchdog } from './watchdog.js';

/** What the watchdog assumes before the server has said how often it beats: the default of Headwater's hubs. */
const ASSUMED_HEARTBEAT_SECONDS = 15;
const MISSED_HEARTBEATS = 3;

/** Whom a line tells. */
export interface LineListener extends Pick<SessionListener, 'event' | 'room'> {
  state(state: State): void;
  failed(error: unknown): void;
}

export interface Line {
  /** The smoothed round trip of requests, in milliseconds; 0 before the first. */
  rttMs: number;
  /** What the server's `retry:` asks for. */
  retryMs: number;
  /** When the first byte came, by the monotonic clock; NaN before it. */
  liveAt: number;
  /** A heartbeat is missing. */
  isStale(): boolean;
  /** Reads one stream to its end. False if the server said that there is nothing to come back for. */
  stream(abort: AbortController, refresh: boolean, heartbeatSeconds: number | undefined): Promise<boolean>;
  /** Takes frames as a stream would bring them. */
  readonly intake: Intake;
  /** The attempt is over, whatever it has come to. Leaves no timer. */
  over(): void;
}

export function createLine(options: Resolved, position: Position, listener: LineListener): Line {
  const { clock, plain, sync, silenceMs, firstByteMs = sync && 5_000 } = options;
  let current: AbortController;
  let code: ClientErrorCode;
  let heartbeatMs = 0;
  /** The first event has shown whether this is a server of Headwater's. */
  let isKnown = false;
  const watchdog = createWatchdog(
    clock,
    (ms) => current.abort(new ClientError(code, `Nothing for ${ms} ms`)),
    () => {
      if (intake.isRepairing()) catchUp();
      else listener.state('live');
    },
  );
  const catchUp = () => watchdog.catchUp(line.rttMs);
  const watch = (ms: number, why: ClientErrorCode) => {
    code = why;
    watchdog.start(ms);
  };
  /** `silenceMs` overrides what is known of the server's heartbeats. */
  const watchSilence = (ms: number) => watch((silenceMs ?? ms) || 0, 'ERR_CLIENT_SILENT');
  const event = (event: Incoming) => {
    listener.event(event);
    if (event.type === 'sse.open') {
      const { resume, channels, heartbeatMs: ms, prev } = event.data as Open;
      heartbeatMs = ms;
      watchSilence(heartbeatMs * MISSED_HEARTBEATS);
      if (resume === 'fresh' || channels.length === 0) watchdog.caughtUp();
      else {
        listener.state('catching-up');
        if (prev) watchdog.isTold();
        else catchUp();
      }
    } else if (!isKnown && !isControl(event.type)) {
      // Not Headwater's: nothing is known about how often this server says something.
      watchSilence(0);
      watchdog.caughtUp();
    }
    isKnown = true;
  };
  const intake = createIntake(options, position, event, listener.failed);

  const read = async (body: ReadableStream<Uint8Array>, signal: AbortSignal, begun: () => void) => {
    const comment = (text: string) => text === 'live' && watchdog.caughtUp();
    const feed = frameReader(options.maxEventChars, intake.take, comment, (ms) => {
      line.retryMs = boundedWait(ms);
    });
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      if (!(line.liveAt >= 0)) begun();
      watchdog.touch();
      feed(value);
      const room = listener.room();
      if (!room) continue;
      // Nobody reads, so nobody may expect anything.
      watchdog.stop();
      await room;
      if (signal.aborted) return;
      watchdog.start();
    }
  };

  const line: Line = {
    intake,
    rttMs: 0,
    retryMs: 0,
    liveAt: NaN,
    isStale: () => heartbeatMs > 0 && watchdog.silenceMs() > 1.5 * heartbeatMs,
    async stream(abort, refresh, heartbeatSeconds) {
      const { signal } = abort;
      current = abort;
      watch(firstByteMs ?? options.answerMs, 'ERR_CLIENT_NO_ANSWER');
      const askedAt = clock.elapsed();
      const response = await requestStream(options, refresh, heartbeatSeconds, position.id, signal);
      line.rttMs = (line.rttMs + clock.elapsed() - askedAt) / 2;
      const body = streamOf(response, clock.now());
      if (!body || signal.aborted) return signal.aborted;
      line.retryMs = heartbeatMs = 0;
      isKnown = false;
      intake.begin(false);
      const limitMs = plain ? 0 : (heartbeatSeconds ?? ASSUMED_HEARTBEAT_SECONDS) * 1_000 * MISSED_HEARTBEATS;
      if (plain) listener.state('live');
      // A proxy may let the head pass and hold back the rest.
      if (!firstByteMs) watchSilence(limitMs);
      await read(body, signal, () => {
        line.liveAt = clock.elapsed();
        watchSilence(limitMs);
        catchUp();
      });
      return true;
    },
    over() {
      watchdog.stop();
      intake.cut();
      line.liveAt = NaN;
    },
  };
  return line;
}
