/** Driver of Fastify 5. */

import type { Readable } from 'node:stream';
import { ssePlugin } from '@headwater/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type App, type Context, type Driven, errorAnswer } from './app.js';
import { pem } from './certificate.js';
import type { Protocol } from './legs.js';

export function drive(app: App, protocol: Protocol): Driven {
  const instance = create(protocol);
  void instance.register(ssePlugin, { hub: app.hub, ...app.options });
  instance.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  instance.setErrorHandler((error, _request, reply) => {
    app.failed(error);
    const { status, body } = errorAnswer(error);
    return reply.code(status).send(body);
  });
  const handler = (request: FastifyRequest, reply: FastifyReply) =>
    app.handler(() => reply.sse, contextOf(request, reply));
  void instance.after(() => {
    instance.all('/*', handler);
    instance.setNotFoundHandler(handler);
  });
  return { server: instance.server, ready: async () => void (await instance.ready()), close: () => instance.close() };
}

/** The four instances differ in types that nobody needs here. */
function create(protocol: Protocol): FastifyInstance {
  const tls = { key: pem, cert: pem };
  if (protocol === 'h2') return fastify({ http2: true, https: tls }) as unknown as FastifyInstance;
  if (protocol === 'h2c') return fastify({ http2: true }) as unknown as FastifyInstance;
  if (protocol === 'https') return fastify({ https: tls }) as unknown as FastifyInstance;
  return fastify();
}

function contextOf(request: FastifyRequest, reply: FastifyReply): Context {
  return {
    request,
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: request.body,
    upload: request.body as Readable,
    raw: reply.raw,
    setHeader: (name, value) => void reply.header(name, value),
    setStatus: (status) => void reply.code(status),
    answer: (status, body) => reply.code(status).send(body),
    redirect: (status, location) => reply.redirect(location, status),
  };
}
