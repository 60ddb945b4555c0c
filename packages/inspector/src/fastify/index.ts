/** `@headwater/inspector/fastify`: the page as a plugin of Fastify. */
import type { AnyHub } from '@headwater/core';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { createInspector, type InspectorOptions } from '../handler.js';

/** Options of `inspectorPlugin`. */
export interface InspectorPluginOptions extends InspectorOptions {
  readonly hub: AnyHub;
}

/**
 * Serves the page below the scope's prefix. It asks nobody who they are: **the application decides who may come here**, by a hook of
 * the scope around it. The hooks of that scope run up to the handler; `onSend` hooks do not.
 * @throws TypeError for a `hub` that is none.
 * @example
 * await app.register(async (admin) => {
 *   admin.addHook('onRequest', requireAdmin);
 *   await admin.register(inspectorPlugin, { hub, prefix: '/sse-inspector' });
 * });
 */
export const inspectorPlugin: FastifyPluginAsync<InspectorPluginOptions> = async (app, { hub, events }) => {
  const inspector = createInspector(hub, { events });
  // Before the server waits for its connections.
  app.addHook('preClose', () => inspector.close());
  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    const { url: originalUrl, raw: req, params } = request;
    const [, query = ''] = originalUrl.split(/(?=\?)/s, 2);
    const url = `/${(params as { '*'?: string })['*'] ?? ''}${query}`;
    inspector.serve({ req, res: reply.raw, url, originalUrl });
  };
  app.get('/', answer);
  app.get('/*', answer);
};
