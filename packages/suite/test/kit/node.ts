/** Driver of node:http, node:https and node:http2: what an application without a framework writes. */

import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type { Server } from 'node:net';
import type { Readable } from 'node:stream';
import { accept, type NodeRequest, type NodeResponse } from '@headwater/core/node';
import { type App, type Context, type Driven, errorAnswer } from './app.js';
import { pem } from './certificate.js';
import type { Protocol } from './legs.js';

type Listener = (req: NodeRequest, res: NodeResponse) => void;

export function drive(app: App, protocol: Protocol): Driven {
  const server = create(protocol, (req, res) => void serve(app, req, res));
  return { server, close: () => new Promise((closed) => server.close(closed)) };
}

function create(protocol: Protocol, listener: Listener): Server {
  const tls = { key: pem, cert: pem };
  if (protocol === 'h2c') return http2.createServer(listener);
  if (protocol === 'h2') return http2.createSecureServer(tls, listener);
  return protocol === 'https' ? https.createServer(tls, listener) : http.createServer(listener);
}

async function serve(app: App, req: NodeRequest, res: NodeResponse): Promise<void> {
  try {
    const isJson = req.headers['content-type'] === 'application/json';
    const body = isJson ? await readJson(req as unknown as Readable) : undefined;
    await app.handler(() => accept(req, res, app.hub, app.options), contextOf(req, res, body));
  } catch (error) {
    app.failed(error);
    const { status, body } = errorAnswer(error);
    if (!res.headersSent) answer(res, status, body);
  }
}

function contextOf(req: NodeRequest, res: NodeResponse, body: unknown): Context {
  return {
    request: req,
    method: req.method ?? '',
    url: req.url ?? '',
    headers: req.headers,
    body,
    upload: req as unknown as Readable,
    raw: res,
    setHeader: (name, value) => void res.setHeader(name, value),
    setStatus: (status) => {
      res.statusCode = status;
    },
    answer: (status, json) => answer(res, status, json),
    redirect: (status, location) => {
      res.setHeader('location', location);
      return answer(res, status);
    },
  };
}

function answer(res: NodeResponse, status: number, body?: object): void {
  res.statusCode = status;
  if (body) res.setHeader('content-type', 'application/json');
  (res as http.ServerResponse).end(body ? JSON.stringify(body) : undefined);
}

async function readJson(body: Readable): Promise<unknown> {
  return JSON.parse((await body.setEncoding('utf8').toArray()).join(''));
}
