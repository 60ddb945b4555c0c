/** The public surface of `@headwater/express`. Everything of `@headwater/core` is here too: one import is enough. */
export * from '@headwater/core';
export {
  type AcceptOptions,
  type Authorize,
  acceptsEventStream,
  type EndpointOptions,
  type Grant,
  type ShutdownOptions,
  shutdownOnSignals,
} from '@headwater/core/node';
export { ackHandler, healthHandler, streamHandler, syncHandler } from './handlers.js';
export { type SseMiddleware, type SseOptions, sse } from './middleware.js';
