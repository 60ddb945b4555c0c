/** Accept: a connection for one request of node:http or node:http2. */
import { Connection } from '../connection.js';
import { hasCode } from '../errors.js';
import { type AnyHub, coreOf } from '../hub.js';
import type { ReplayHook } from '../replay-hook.js';
import type { Transport } from '../sink.js';
import type { NodeRequest, NodeResponse } from './response.js';
import { NodeTransport } from './transport.js';

/** Options of `accept`, `sse()` and `ssePlugin`. */
export interface AcceptOptions {
  /** False: `?lastEventId=` is not looked at. Default true: a reloaded page and some clients cannot set the header. */
  trustQuery?: boolean | undefined;
  /** Whom `maxConnectionsPerClient` counts. Default: the remote address. */
  clientKey?: ((request: NodeRequest) => string | undefined) | undefined;
  /** As the hub's option of that name, which it overrides. */
  replay?: ReplayHook | undefined;
}

/**
 * A connection for this request. Nothing is sent, and no header touched, before its first use.
 * Errors from before the headers that nobody awaits are answered with their status.
 * @example
 * http.createServer((req, res) => void accept(req, res, hub).subscribe('news'))
 */
export function accept(req: NodeRequest, res: NodeResponse, hub: AnyHub, options: AcceptOptions = {}): Connection {
  const { trustQuery, clientKey } = options;
  const fail = (error: unknown) => answerError(res, error);
  return connect(hub, new NodeTransport(req, res, { trustQuery, clientKey, fail }), options);
}

/** @internal The connection over a transport of an adapter's own. */
export function connect(hub: AnyHub, transport: Transport, options: AcceptOptions): Connection {
  const connection = new Connection(coreOf(hub), transport);
  connection.replay = options.replay;
  return connection;
}

function answerError(res: NodeResponse, error: unknown): void {
  const { statusCode } = error as { statusCode?: unknown };
  const status = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500;
  res.statusCode = status;
  res.setHeader('content-type', 'text/plain; charset=utf-8');
  res.end(
    status < 500 || hasCode(error, 'ERR_SSE_RESET_REJECTED') ? `${(error as Error).message}\n` : 'Internal error\n',
  );
}
