/** Shutdown: an orderly end on a signal. Nobody is cut off without a word, and nothing keeps the process. */
import type { AnyHub } from '../hub.js';

/** What `server.close()` and its companions are called on; the server of node:http, node:https or node:http2. */
export interface ClosableServer {
  close(callback: (error?: Error) => void): unknown;
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
  on?(event: 'session', listener: (session: ClosableSession) => void): unknown;
}

/** What is used of a session of HTTP/2. */
interface ClosableSession {
  close(): void;
  destroy(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Options of `shutdownOnSignals`. */
export interface ShutdownOptions {
  readonly hub: Pick<AnyHub, 'drain' | 'close'>;
  /** The server, or what ends it: `() => app.close()` with Fastify. */
  readonly server: ClosableServer | (() => unknown);
  /** Milliseconds over which the streams are ended. Default 10,000. Keep it below the grace period of whatever sends the signal. */
  readonly windowMs?: number | undefined;
  /** Milliseconds from "not ready" to the first stream that is ended, in which load balancers look. Default 0. */
  readonly delayMs?: number | undefined;
  /** Default SIGTERM and SIGINT. A second one ends the process at once. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** Called with the exit code when all is done, and after 5 s more than window and delay in any case. Default `process.exit`. */
  readonly exit?: ((code: number) => void) | undefined;
}

/** What a shutdown may take beyond window and delay. */
const SLACK_MS = 5_000;
/** How long requests that are under way when the server closes have for their answers. */
const LAST_ANSWERS_MS = 3_000;
const LOOK_MS = 50;

/**
 * On a signal: not ready, streams ended over the window, then the server, the hub, the process. Returns what removes the handlers.
 * @example
 * shutdownOnSignals({ hub, server: app.listen(3000), windowMs: 20_000 });
 */
export function shutdownOnSignals(options: ShutdownOptions): () => void {
  const { signals = ['SIGTERM', 'SIGINT'], exit = (code) => process.exit(code) } = options;
  const { windowMs = 10_000, delayMs = 0 } = options;
  const sessions = typeof options.server === 'function' ? new Set<ClosableSession>() : sessionsOf(options.server);
  let isUnderWay = false;
  const onSignal = (): void => {
    if (isUnderWay) return exit(1);
    isUnderWay = true;
    setTimeout(() => exit(1), windowMs + delayMs + SLACK_MS).unref();
    shutdown({ ...options, windowMs, delayMs, sessions }).then(
      () => exit(0),
      (error: unknown) => {
        process.emitWarning(error instanceof Error ? error : String(error));
        exit(1);
      },
    );
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

interface Shutdown extends ShutdownOptions {
  readonly windowMs: number;
  readonly delayMs: number;
  readonly sessions: ReadonlySet<ClosableSession>;
}

async function shutdown({ hub, server, windowMs, delayMs, sessions }: Shutdown): Promise<void> {
  await hub.drain({ windowMs, delayMs });
  if (typeof server === 'function') await server();
  else await close(server, sessions);
  await hub.close();
}

/** A server of HTTP/2 waits for its sessions, with or without streams, and has no `closeAllConnections`. */
function sessionsOf(server: ClosableServer): ReadonlySet<ClosableSession> {
  const sessions = new Set<ClosableSession>();
  server.on?.('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return sessions;
}

function close(server: ClosableServer, sessions: ReadonlySet<ClosableSession>): Promise<void> {
  return new Promise((resolve, reject) => {
    // Browsers keep spare connections open, on which no request ever came: Node takes them for busy ones.
    const timer = setTimeout(() => {
      server.closeAllConnections?.();
      for (const session of sessions) session.destroy();
    }, LAST_ANSWERS_MS);
    // Node closes those that are idle now, and not those that become so.
    const looking = setInterval(() => server.closeIdleConnections?.(), LOOK_MS);
    server.close((error) => {
      clearTimeout(timer);
      clearInterval(looking);
      const wasClosed = (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_SERVER_NOT_RUNNING';
      if (error && !wasClosed) reject(error);
      else resolve();
    });
    for (const session of sessions) session.close();
  });
}
