/** `app.use(sse())`: gives every response its `res.sse`, made on first touch. */
import { type AnyHub, type Connection, createHub, type Hub } from '@headwater/core';
import { type AcceptOptions, connect, coreOf, NodeTransport } from '@headwater/core/node';
import type { NextFunction, Request, Response } from 'express';

declare global {
  namespace Express {
    interface Response {
      /** This request's stream. Nothing is sent before its first use. */
      sse: Connection;
    }
  }
}

/** Options of `sse()`. */
export interface SseOptions extends Omit<AcceptOptions, 'clientKey'> {
  /** The hub that connections subscribe to. Default: one of the middleware's own, in memory. */
  hub?: AnyHub | undefined;
  /** Whom `maxConnectionsPerClient` counts. Default: `req.ip`, which obeys Express's `trust proxy`. */
  clientKey?: ((req: Request) => string | undefined) | undefined;
}

/** The middleware, with the hub that it serves. */
export interface SseMiddleware {
  (req: Request, res: Response, next: NextFunction): void;
  readonly hub: Hub;
}

const MEMBERS = ['hub', 'trustQuery', 'clientKey', 'replay'];

/**
 * Express middleware for 4 and 5. Where an outer `sse()` has already run, its hub and connection stay.
 * @throws TypeError for wrong options.
 * @example
 * app.use(sse({ hub }));
 * app.get('/news', (req, res) => { res.sse.subscribe('news'); });
 */
export function sse(options: SseOptions = {}): SseMiddleware {
  const unknown = Object.keys(options).find((name) => !MEMBERS.includes(name));
  if (unknown)
    throw new TypeError(
      `Unknown option "${unknown}" of sse(). Known: ${MEMBERS.join(', ')}; hub options go to createHub()`,
    );
  let hub = options.hub as Hub | undefined;
  // Throws for a hub that is none: here, not at the first request.
  if (hub !== undefined) coreOf(hub);
  const ownHub = (): Hub => {
    hub ??= createHub();
    return hub;
  };
  const middleware = (req: Request, res: Response, next: NextFunction): void => {
    if (!('sse' in res)) define(req, res, next, ownHub, options);
    next();
  };
  return Object.defineProperty(middleware, 'hub', { get: ownHub, enumerable: true }) as unknown as SseMiddleware;
}

/** One property until somebody touches it. */
function define(req: Request, res: Response, next: NextFunction, hub: () => Hub, options: SseOptions): void {
  let connection: Connection | undefined;
  Object.defineProperty(res, 'sse', {
    configurable: true,
    enumerable: true,
    get() {
      if (connection) return connection;
      const { trustQuery, clientKey } = options;
      const transport = new NodeTransport(req, res, {
        trustQuery,
        clientKey: () => (clientKey ? clientKey(req) : req.ip),
        fail: next,
      });
      connection = connect(hub(), transport, { replay: options.replay });
      return connection;
    },
  });
}
