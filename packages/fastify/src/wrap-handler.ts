/** Handlers, wrapped so that what they return is never sent once their reply is an event stream. */
import type { FastifyReply, RouteHandlerMethod } from 'fastify';
import { setHandling } from './handling.js';
import { claimOf } from './reply-claim.js';

const wrapped = new WeakSet<RouteHandlerMethod>();

/**
 * Drops what the handler returns or resolves to once the stream was opened, or is about to. Its failures are Fastify's before the
 * head, and the observers' afterwards.
 */
export function wrapHandler(handler: RouteHandlerMethod): RouteHandlerMethod {
  // A route below several registrations.
  if (wrapped.has(handler)) return handler;
  const wrapper: RouteHandlerMethod = function (request, reply) {
    let result: unknown;
    try {
      result = handler.call(this, request, reply);
    } catch (error) {
      if (claimOf(reply)?.threw(error)) return;
      throw error;
    }
    if (isThenable(result)) return settle(result, reply);
    // A handler that returns nothing answers later.
    return result === undefined ? undefined : unlessTaken(reply, result);
  };
  // What tracing shows.
  Object.defineProperty(wrapper, 'name', { value: handler.name, configurable: true });
  wrapped.add(wrapper);
  return wrapper;
}

async function settle(result: PromiseLike<unknown>, reply: FastifyReply): Promise<unknown> {
  setHandling(reply, true);
  let value: unknown;
  try {
    value = await result;
  } catch (error) {
    setHandling(reply, false);
    if (claimOf(reply)?.threw(error)) return;
    throw error;
  }
  setHandling(reply, false);
  return unlessTaken(reply, value);
}

function unlessTaken(reply: FastifyReply, value: unknown): unknown {
  const claim = claimOf(reply);
  return claim ? claim.settled(value) : value;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
