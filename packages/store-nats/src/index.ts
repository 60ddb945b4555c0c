/** The public surface of `@headwater/store-nats`. */
export { type NatsStore, natsStore } from './nats-store.js';
export type { NatsRetention, NatsStoreOptions } from './options.js';
