/** What adapters for frameworks on node:http and node:http2 are made of. Nothing else in the core knows either module. */
export { shown } from '../errors.js';
export { coreOf } from '../hub.js';
export { ConnectionLog, type LogTarget } from '../logs/connection-log.js';
export { principalOf } from '../logs/log-connections.js';
export { acceptsEventStream, refusesEventStream } from './accept.js';
export { type AcceptOptions, accept, connect } from './accept-request.js';
export type { Authorize, EndpointOptions, Grant } from './grant.js';
export { answerHealth, answerSync, checkEndpoint, openStream, takeAck } from './handlers.js';
export { applyHead, type HeaderChange, type HeaderReader, streamHeaders, streamStatus } from './headers.js';
export { readLastEventId } from './last-event-id.js';
export { readQuery, readWishes } from './query.js';
export type { NodeRequest, NodeResponse } from './response.js';
export { type ClosableServer, type ShutdownOptions, shutdownOnSignals } from './shutdown.js';
export { takeHold } from './sinks.js';
export { NodeTransport, type NodeTransportOptions } from './transport.js';
