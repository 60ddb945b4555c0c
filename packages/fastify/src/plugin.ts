/** `app.register(ssePlugin)`: gives every reply of the scope its `reply.sse`, made on first touch, and the scope its `app.sse`. */
import { type AnyHub, type Connection, createHub, type Hub } from '@headwater/core';
import type { FastifyInstance, FastifyPluginAsync, onSendHookHandler, RouteOptions } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { AppStreams } from './app-streams.js';
import { decorateHandling } from './handling.js';
import { checkName, decorate, registrationsOf } from './registrations.js';
import { claimOf } from './reply-claim.js';
import type { ConnectionOptions } from './transport.js';
import { wrapHandler } from './wrap-handler.js';

declare module 'fastify' {
  interface FastifyReply {
    /** This request's stream. Nothing is sent before its first use. */
    sse: Connection;
  }

  interface FastifyInstance {
    /** The hub of this scope. */
    sse: Hub;
  }
}

/** Options of `ssePlugin`. */
export interface SsePluginOptions extends ConnectionOptions {
  /**
   * The hub that connections subscribe to. It stays open when the application closes. Default: that of a registration in a scope
   * around this one, else one of the plugin's own, in memory, closed with the application.
   */
  hub?: AnyHub | undefined;
  /**
   * False: nothing is logged. Default true: `request.log` gets one line when a stream opens, one when it ends, and its failures; with
   * Fastify's `disableRequestLogging` only the failures. What the registration that brings the hub says counts for all of its scopes.
   */
  logs?: boolean | undefined;
  /** Name of the decorators. Default `sse`. The types know only `sse`. */
  decorator?: string | undefined;
}

const MEMBERS = ['hub', 'logs', 'decorator', 'trustQuery', 'clientKey', 'replay'];

/** What Fastify's `register` takes for itself. */
const RESERVED = ['prefix', 'logLevel', 'logSerializers'];

const register: FastifyPluginAsync<SsePluginOptions> = async (app, options) => {
  const { decorator: name = 'sse', logs = true, trustQuery, clientKey, replay } = checkOptions(options);
  checkName(app, name);
  const { hub, streams } = streamsOf(app, options.hub as Hub | undefined, logs);
  const connection = { trustQuery, clientKey, replay };
  decorate(app, { name, hub, streams, connectionOf: (reply) => streams.connectionOf(reply, connection) });
  decorateHandling(app);
  app.addHook('onRoute', prepareRoute);
  app.addHook('onError', (_request, reply, error, done) => {
    claimOf(reply)?.answersError(error);
    done();
  });
};

/**
 * Fastify 5 plugin. Load it before the routes that stream (`await app.register(ssePlugin)`): what a handler returns is dropped once
 * its stream is open. Handlers that were declared before may only return what `subscribe` and `send` resolve to.
 *
 * A stream is a normal reply. Hooks run in Fastify's order: `onRequest`, `preParsing`, `preValidation`, `preHandler`, the handler,
 * `onSend` when the stream opens (headers and cookies set there are sent; the payload must be passed on as it is), then `onResponse`
 * when the stream has ended, or `onRequestAbort` instead if the client has left first. Errors before the head go to the error
 * handler, later ones to `request.log` and the hub's observers.
 *
 * `app.close()` ends the streams with a last `retry`. In a scope within, the plugin can be registered again, with another `hub` or
 * other options; twice in one scope it needs another `decorator`.
 * @throws SseError `ERR_SSE_DECORATED` where the decorator's name is taken. TypeError for wrong options.
 * @example
 * await app.register(ssePlugin, { hub });
 * app.get('/news', (request, reply) => reply.sse.subscribe('news'));
 */
export const ssePlugin: FastifyPluginAsync<SsePluginOptions> = fastifyPlugin(register, {
  name: '@headwater/fastify',
  fastify: '5.x',
});

function checkOptions(options: SsePluginOptions): SsePluginOptions {
  const unknown = Object.keys(options).find((name) => !MEMBERS.includes(name) && !RESERVED.includes(name));
  if (unknown) {
    throw new TypeError(
      `Unknown option "${unknown}" of ssePlugin. Known: ${MEMBERS.join(', ')}; hub options go to createHub()`,
    );
  }
  const { decorator, logs } = options;
  if (decorator !== undefined && (typeof decorator !== 'string' || decorator === '')) {
    throw new TypeError('decorator must be a name');
  }
  if (logs !== undefined && typeof logs !== 'boolean') throw new TypeError('logs must be true or false');
  return options;
}

/** The streams on `hub`, kept by the scope that brought it, and ended with its application. */
function streamsOf(app: FastifyInstance, hub: Hub | undefined, logs: boolean): { hub: Hub; streams: AppStreams } {
  for (const outer of registrationsOf(app)) if (hub === undefined || hub === outer.hub) return outer;
  const own = hub ? undefined : createHub();
  const streams = new AppStreams(app, hub ?? (own as Hub), logs);
  // Only the streams: requests under way may still publish.
  app.addHook('preClose', () => streams.end());
  app.addHook('onClose', async () => {
    streams.release();
    await own?.close();
  });
  return { hub: streams.hub, streams };
}

function prepareRoute(route: RouteOptions): void {
  route.handler = wrapHandler(route.handler);
  const hooks = route.onSend === undefined ? [] : [route.onSend].flat();
  // Behind the hooks of the scope and those of the route.
  if (!hooks.includes(checkPayload)) route.onSend = [...hooks, checkPayload] as onSendHookHandler[];
}

const checkPayload: onSendHookHandler = (_request, reply, payload, done) => {
  const error = claimOf(reply)?.replaced(payload);
  if (error) done(error);
  else done();
};
