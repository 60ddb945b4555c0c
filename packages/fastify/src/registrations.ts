/** Where the plugin is registered. A scope without a registration of its own has those of the scopes around it. */
import { type Connection, type Hub, SseError } from '@headwater/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AppStreams } from './app-streams.js';

export interface Registration {
  /** Name of the decorator. */
  readonly name: string;
  readonly hub: Hub;
  readonly streams: AppStreams;
  readonly connectionOf: (reply: FastifyReply) => Connection;
}

const scopes = new WeakMap<object, Map<string, Registration>>();

/** The registrations that `app` sees, those of the nearest scope first. */
export function* registrationsOf(app: FastifyInstance): Generator<Registration, void, undefined> {
  for (let scope: object | null = app; scope !== null; scope = Object.getPrototypeOf(scope)) {
    const own = scopes.get(scope);
    if (own) yield* own.values();
  }
}

/** @throws SseError `ERR_SSE_DECORATED` where the name is taken: by another plugin, or by this one in the same scope. */
export function checkName(app: FastifyInstance, name: string): void {
  if (scopes.get(app)?.has(name)) throw taken(`ssePlugin is registered as "${name}" in this scope already`);
  // A scope within may have a hub of its own under the same name.
  for (const outer of registrationsOf(app)) if (outer.name === name) return;
  if (app.hasDecorator(name)) throw taken(`app.${name} is decorated already, by Fastify or another plugin`);
  if (app.hasReplyDecorator(name)) throw taken(`reply.${name} is decorated already, by Fastify or another plugin`);
}

/**
 * Decorates `app` and its replies.
 * @throws SseError `ERR_SSE_DECORATED` as `checkName`, which should have been called before.
 */
export function decorate(app: FastifyInstance, registration: Registration): void {
  const { name, hub, connectionOf } = registration;
  try {
    app.decorate(name, hub);
    app.decorateReply(name, {
      getter(this: FastifyReply) {
        return connectionOf(this);
      },
      // Some plugins assign what they have not decorated.
      setter() {
        throw taken(`another plugin sets reply.${name}`);
      },
    });
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'FST_ERR_DEC_ALREADY_PRESENT') throw cause;
    throw taken(`another plugin has decorated app.${name} or reply.${name} in this scope already`, cause);
  }
  const own = scopes.get(app);
  if (own) own.set(name, registration);
  else scopes.set(app, new Map([[name, registration]]));
}

function taken(why: string, cause?: unknown): SseError {
  const message = `Cannot register ssePlugin: ${why}. Choose another name: app.register(ssePlugin, { decorator: 'events' })`;
  return new SseError('ERR_SSE_DECORATED', message, { cause });
}
