/** Which replies have a handler whose promise is pending: until it settles it may still answer, whatever becomes of the stream. */
import type { FastifyInstance, FastifyReply } from 'fastify';

const kHandling = Symbol('headwater.handling');

/** One property for all replies, so that they keep one shape. */
export function decorateHandling(app: FastifyInstance): void {
  if (!app.hasReplyDecorator(kHandling)) app.decorateReply(kHandling, false);
}

export function isHandling(reply: FastifyReply): boolean {
  return (reply as { [kHandling]?: boolean })[kHandling] === true;
}

export function setHandling(reply: FastifyReply, value: boolean): void {
  (reply as { [kHandling]?: boolean })[kHandling] = value;
}
