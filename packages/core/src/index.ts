/** The public surface of `@headwater/core`, in the order of the README. */

export type { Batch } from './batch.js';
export {
  type AnyChannel,
  Channel,
  type ChannelOptions,
  type Channels,
  type Published,
  type PublishOptions,
} from './channel.js';
export type { Ack, Client } from './client-cursors.js';
export { type Clock, systemClock, type Timer } from './clock.js';
export type { Target } from './commands.js';
export type { Connection, SendSourceOptions } from './connection.js';
export type { DiagnosticsMessages } from './diagnostics.js';
export { EpochList, type Invalid } from './epochs.js';
export { hasCode, SseError, type SseErrorCode } from './errors.js';
export { formatEventId, MAX_LAST_EVENT_ID, newEpoch, parseEventId } from './event-id.js';
export { encodeMessage, MAX_ID_BYTES, MIN_RETRY_MS } from './frame.js';
export { type AnyHub, createHub, type Health, Hub, type HubStats, type Where } from './hub.js';
export { Inspection, inspect } from './inspect/inspect.js';
export type {
  ConnectionsQuery,
  InspectedChannel,
  InspectedConnection,
  InspectedConnections,
  InspectedEvent,
  InspectedResume,
  InspectedStore,
} from './inspect/inspected.js';
export type { Item, Operation } from './keyed.js';
export type { FailureCause } from './logs/cause.js';
export { type LogOptions, logConnections } from './logs/log-connections.js';
export type { Logger } from './logs/logger.js';
export type { MemoryStoreOptions } from './memory/options.js';
export { type MemoryStore, memoryStore } from './memory/store.js';
export type { Message, Sendable, Serializer } from './message.js';
export type { CloseReason, Denial, ErrorSource, Observer, PublishFollower, Resume } from './observer.js';
export type { HubOptions } from './options.js';
export type { CloseOptions, Ended, OpenOptions } from './outlet.js';
export type { RegionOf } from './regions.js';
export type { ReplayHook, ReplayRequest, ReplaySource } from './replay-hook.js';
export type { LagPolicy, Policy, ResetReason } from './reset.js';
export type { Sink, SinkEvents, StreamInit, Transport, Wishes } from './sink.js';
export type { SnapshotProvider } from './snapshots.js';
export type { Source } from './source.js';
export {
  type Appended,
  type ChannelItems,
  CONTROL_CHANNEL,
  type Entry,
  type EpochStart,
  type ItemChange,
  type LogState,
  type NewEntry,
  type Page,
  type Position,
  type Store,
  type StoredCursor,
  type StoredSnapshot,
  type StoreSupports,
  type Tail,
  type TailListener,
} from './store.js';
export type { Retention, RetentionOptions } from './store-kit/retention.js';
export type { Subscribed } from './subscribed.js';
export type { Filter, FilterEvent, SubscribeOptions } from './subscription.js';
export type { SyncEvent, SyncQuery, SyncResult } from './sync.js';
export type { TraceContext } from './trace-context.js';
export type { EventMap, EventsOf, NameOf, Publishable } from './typed.js';
