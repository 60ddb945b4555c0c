/** Test Server-Sent Events endpoints: parse, collect, resume and stall like real clients; fakes for time and transport. */
export type { Closing } from './closing.js';
export { type CollectOptions, type CollectSource, collect } from './collect.js';
export type { Collector } from './collector.js';
export type { TlsOptions } from './dial.js';
export type { EventWaits } from './event-waits.js';
export { type FakeClock, type FakeClockOptions, fakeClock } from './fake-clock.js';
export type { FakeEnding } from './fake-sink.js';
export { type FakeTransport, type FakeTransportOptions, fakeTransport } from './fake-transport.js';
export { parseEvents } from './parse-events.js';
export type { ReceivedEvent } from './received.js';
export {
  type Cut,
  type GivenUp,
  type ReconnectingClient,
  type ReconnectingClientOptions,
  type ReconnectingRequest,
  reconnectingClient,
} from './reconnecting-client.js';
export { seeded } from './seeded.js';
export { type SlowClient, type SlowClientOptions, slowClient } from './slow-client.js';
export type { InjectResponse } from './sources/readable.js';
export type { SupertestTest } from './sources/supertest.js';
export type { CollectRequest } from './sources/url.js';
