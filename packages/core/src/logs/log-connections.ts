/** `logConnections`: the lines of a hub's streams, in a logger of pino's shape. */
import type { Connection } from '../connection.js';
import { type AnyHub, coreOf } from '../hub.js';
import { ConnectionLog } from './connection-log.js';
import type { Logger } from './logger.js';

/** Options of `logConnections`. */
export interface LogOptions {
  /**
   * Where lines go: a logger, or a function that answers the connection's own (`req.log` of pino-http, say). It is asked without a
   * connection for failures that belong to none.
   */
  readonly logger: Logger | ((connection: Connection | undefined) => Logger);
  /** Who is named: default `connection.principal`, which `authorize` grants. False names nobody. */
  readonly principal?: ((connection: Connection) => string | undefined) | false | undefined;
  /** The route that is named. Default: the pattern that the framework matched. Never a URL: queries hold tokens. */
  readonly route?: ((connection: Connection) => string | undefined) | undefined;
}

const MEMBERS = ['logger', 'principal', 'route'];
const LEVELS = ['info', 'warn', 'error'] as const;

/**
 * Writes one line when a stream opens, one with the reason when it ends, and one for each failure with its cause, at most ten per
 * cause in ten seconds. A client that goes away is no error. Returns what ends it.
 *
 * With `ssePlugin` of Fastify there is nothing to do: it writes the same lines to `request.log`.
 * @throws TypeError for wrong options.
 * @example
 * logConnections(hub, { logger: pino() });
 */
export function logConnections(hub: AnyHub, options: LogOptions): () => void {
  const { logger, principal, route } = checkOptions(options);
  const loggerOf =
    typeof logger === 'function'
      ? (connection: Connection | undefined) => checkLogger(logger(connection))
      : () => logger;
  return hub.observe(
    new ConnectionLog({
      streams: loggerOf,
      failures: loggerOf,
      principal: principal === false ? () => undefined : (principal ?? principalOf),
      route,
      clock: coreOf(hub).options.clock,
    }),
  );
}

export function principalOf({ principal }: Connection): string | undefined {
  return principal;
}

function checkOptions(options: LogOptions): LogOptions {
  const unknown = Object.keys(options).find((name) => !MEMBERS.includes(name));
  if (unknown) throw new TypeError(`Unknown option "${unknown}" of logConnections(). Known: ${MEMBERS.join(', ')}`);
  const { logger, principal, route } = options;
  if (typeof logger !== 'function') checkLogger(logger);
  if (principal !== undefined && principal !== false && typeof principal !== 'function') {
    throw new TypeError('principal must be a function or false');
  }
  if (route !== undefined && typeof route !== 'function') throw new TypeError('route must be a function');
  return options;
}

function checkLogger(logger: Logger): Logger {
  if (LEVELS.every((level) => typeof logger?.[level] === 'function')) return logger;
  throw new TypeError('logger must have info(), warn() and error(), as pino has, or be a function that answers one');
}
