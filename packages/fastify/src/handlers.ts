/** Ready-made handlers. Each needs `ssePlugin` in its scope or around it; errors go to Fastify's own error handling. */
import {
  answerHealth,
  answerSync,
  checkEndpoint,
  type EndpointOptions,
  openStream,
  takeAck,
} from '@headwater/core/node';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { type Registration, registrationsOf } from './registrations.js';

/**
 * A stream whose channels come from the query: `?channel=a&channel=b` or `?channels=a,b`.
 * @example
 * app.get('/events', streamHandler({ authorize: (request, channels) => channels.every((name) => mayRead(request.user, name)) }));
 */
export function streamHandler(options: EndpointOptions<FastifyRequest>): RouteHandlerMethod {
  checkEndpoint('streamHandler', options);
  return async (request, reply) => {
    await openStream(registrationOf(reply).connectionOf(reply), request, request.url, options);
    return reply;
  };
}

/** The same log as JSON: `?channels=a,b&after=<id>&limit=100`. */
export function syncHandler(options: EndpointOptions<FastifyRequest>): RouteHandlerMethod {
  checkEndpoint('syncHandler', options);
  return async (request, reply) => {
    const answer = await answerSync(registrationOf(reply).hub, request, request.url, options);
    return reply.header('cache-control', 'no-store').send(answer);
  };
}

/**
 * Moves a client's cursor: `POST ?clientId=...&channels=a,b&id=<EventId>`, answered by 204. The stream's URL names the same client
 * and channels.
 * @example
 * app.post('/events/ack', ackHandler({ authorize: (request, channels) => ({ principal: request.user.id }) }));
 */
export function ackHandler(options: Pick<EndpointOptions<FastifyRequest>, 'authorize'>): RouteHandlerMethod {
  checkEndpoint('ackHandler', options);
  return async (request, reply) => {
    await takeAck(registrationOf(reply).hub, request, request.url, options);
    return reply.code(204).send();
  };
}

/** A probe: 200 or 503, with the hub's health as JSON. */
export function healthHandler(probe: 'live' | 'ready' = 'ready'): RouteHandlerMethod {
  return async (_request, reply) => {
    const { status, body } = answerHealth(registrationOf(reply).hub, probe);
    return reply.code(status).header('cache-control', 'no-store').send(body);
  };
}

function registrationOf(reply: FastifyReply): Registration {
  for (const registration of registrationsOf(reply.server)) return registration;
  throw new TypeError('This handler needs app.register(ssePlugin) before it');
}
