/** Driver of Express 4 and 5. Express knows no HTTP/2. */

import * as http from 'node:http';
import * as https from 'node:https';
import { sse } from '@headwater/express';
import compression from 'compression';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import express4 from 'express4';
import { type App, type Context, type Driven, errorAnswer } from './app.js';
import { pem } from './certificate.js';
import type { Leg } from './legs.js';

export function drive(app: App, { framework, protocol, isWrapped }: Leg): Driven {
  const listener = framework === 'express' ? version5(app, isWrapped) : version4(app);
  const server =
    protocol === 'https' ? https.createServer({ key: pem, cert: pem }, listener) : http.createServer(listener);
  return { server, close: () => new Promise((closed) => server.close(closed)) };
}

function version5(app: App, isWrapped: boolean): Express {
  const router = express();
  // It compresses nothing, because streams say `no-transform`; but it is in between.
  if (isWrapped) router.use(compression({ threshold: 0 }));
  router.use(express.json(), sse({ hub: app.hub, ...app.options }));
  router.use((req, res) => app.handler(() => res.sse, contextOf(req, res)) as Promise<void>);
  router.use(errorHandler(app));
  return router;
}

/** Express 4 does not look at promises: applications pass their rejections on. Its types are those of another package. */
function version4(app: App): Express {
  const router = (express4 as unknown as typeof express)();
  router.use(express4.json() as never, sse({ hub: app.hub, ...app.options }));
  router.use((req, res, next) => {
    Promise.resolve(app.handler(() => res.sse, contextOf(req, res))).catch(next);
  });
  router.use(errorHandler(app));
  return router;
}

function errorHandler(app: App): ErrorRequestHandler {
  return (error, _req, res, next) => {
    app.failed(error);
    if (res.headersSent) return next(error);
    const { status, body } = errorAnswer(error);
    res.status(status).json(body);
  };
}

function contextOf(req: Request, res: Response): Context {
  return {
    request: req,
    method: req.method,
    url: req.url,
    headers: req.headers,
    body: req.body,
    upload: req,
    raw: res,
    setHeader: (name, value) => void res.setHeader(name, value),
    setStatus: (status) => void res.status(status),
    answer: (status, body) => void (body ? res.status(status).json(body) : res.status(status).end()),
    redirect: (status, location) => res.redirect(status, location),
  };
}
