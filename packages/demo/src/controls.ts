/**
 * The switches of the page: how things are (`GET /demo/status.json`), and what breaks them on purpose (`POST /demo/...`).
 * Invariant: only this machine reaches the latter, and no other site's page does: not by a form, not by a name that it has made to
 * point here.
 */
import type { IncomingMessage } from 'node:http';
import { parseEventId } from '@headwater/core';
import express, { type RequestHandler, type Router } from 'express';
import { NO_CROWD } from './keeper.js';
import type { ServerContext } from './server.js';

const MAX_CUT_SECONDS = 60;
const MAX_CROWD = 50;

/** Everything under `/demo`. */
export function controls(context: ServerContext): Router {
  const { hub, store, lines, keeper } = context;
  const router = express.Router();

  router.get('/status.json', (req, res) => {
    const { head, connections } = hub.health();
    const after = parseEventId(text(req.query.after));
    const at = parseEventId(head);
    const { isSlow, heldBytes } = lines.stateOf(text(req.query.page));
    res.set('cache-control', 'no-store').json({
      time: Date.now(),
      pid: process.pid,
      run: keeper?.run ?? 1,
      store: store.supports.durable ? 'LMDB, on disk' : 'memory',
      connections,
      head,
      // Positions, not events: what the log holds for others as well.
      behind: at && after && at.epoch === after.epoch ? Math.max(0, at.seq - after.seq) : undefined,
      isSlow,
      heldBytes,
      crowd: keeper?.crowd() ?? NO_CROWD,
    });
  });

  router.use(onlyThisMachine);
  router.post('/cut', (req, res) => {
    const seconds = Number(req.query.seconds);
    if (!(seconds > 0 && seconds <= MAX_CUT_SECONDS)) return void res.sendStatus(400);
    lines.cut(text(req.query.page), seconds * 1_000);
    res.sendStatus(204);
  });
  router.post('/slow', (req, res) => {
    lines.slow(text(req.query.page), req.query.on === 'true');
    res.sendStatus(204);
  });
  if (!keeper) return router;

  router.post('/crowd', (req, res) => {
    const count = Number(req.query.count);
    if (!Number.isInteger(count) || count < 0 || count > MAX_CROWD) return void res.sendStatus(400);
    keeper.gather(count);
    res.sendStatus(204);
  });
  router.post('/restart', (_req, res) => {
    res.once('close', () => keeper.restart());
    res.sendStatus(202);
  });
  router.post('/kill', (_req, res) => {
    // After the answer, so that the page knows that it was heard. There is nothing in between that could clean up.
    res.once('close', () => process.kill(process.pid, 'SIGKILL'));
    res.set('connection', 'close').sendStatus(202);
  });
  return router;
}

/** Whether whoever asks may use the switches. */
export function isThisMachine({ socket, headers }: IncomingMessage): boolean {
  const host = `http://${headers.host}`;
  if (!isLoopback(socket.remoteAddress) || !URL.canParse(host)) return false;
  // The name as well: a site's own name that resolves to 127.0.0.1 is of the same origin as that site.
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(host).hostname);
}

const onlyThisMachine: RequestHandler = (req, res, next) => {
  const { origin, host } = req.headers;
  // Browsers send an Origin with every POST; what sends none is no browser, and cannot be led here by a page.
  const isOurs = origin === undefined || origin === `http://${host}`;
  if (isOurs && isThisMachine(req)) next();
  else res.sendStatus(403);
};

function isLoopback(address = ''): boolean {
  return /^(::ffff:)?127\./.test(address) || address === '::1';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
