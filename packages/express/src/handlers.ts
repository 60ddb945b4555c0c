/** Ready-made handlers. Each needs `sse()` before it; errors go to Express's own error handling. */
import {
  answerHealth,
  answerSync,
  checkEndpoint,
  type EndpointOptions,
  openStream,
  takeAck,
} from '@headwater/core/node';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

/**
 * A stream whose channels come from the query: `?channel=a&channel=b` or `?channels=a,b`.
 * @example
 * app.get('/events', streamHandler({ authorize: (req, channels) => channels.every((name) => mayRead(req.user, name)) }));
 */
export function streamHandler(options: EndpointOptions<Request>): RequestHandler {
  checkEndpoint('streamHandler', options);
  return handler(async (req, res) => {
    await openStream(res.sse, req, req.url, options);
  });
}

/** The same log as JSON: `?channels=a,b&after=<id>&limit=100`. */
export function syncHandler(options: EndpointOptions<Request>): RequestHandler {
  checkEndpoint('syncHandler', options);
  return handler(async (req, res) => {
    const answer = await answerSync(res.sse.hub, req, req.url, options);
    res.set('cache-control', 'no-store').json(answer);
  });
}

/**
 * Moves a client's cursor: `POST ?clientId=...&channels=a,b&id=<EventId>`, answered by 204. The stream's URL names the same client
 * and channels.
 * @example
 * app.post('/events/ack', ackHandler({ authorize: (req, channels) => ({ principal: req.user.id }) }));
 */
export function ackHandler(options: Pick<EndpointOptions<Request>, 'authorize'>): RequestHandler {
  checkEndpoint('ackHandler', options);
  return handler(async (req, res) => {
    await takeAck(res.sse.hub, req, req.url, options);
    res.status(204).end();
  });
}

/** A probe: 200 or 503, with the hub's health as JSON. */
export function healthHandler(probe: 'live' | 'ready' = 'ready'): RequestHandler {
  return handler(async (_req, res) => {
    const { status, body } = answerHealth(res.sse.hub, probe);
    res.status(status).set('cache-control', 'no-store').json(body);
  });
}

/** Express 4 does not look at promises. */
function handler(run: (req: Request, res: Response) => Promise<void>): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    if (!res.sse) throw new TypeError('This handler needs app.use(sse()) before it');
    run(req, res).catch((error) => {
      if (!res.headersSent) next(error);
    });
  };
}
