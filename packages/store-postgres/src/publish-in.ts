/** publishIn: publishing within a transaction of the application's own, as `hub.publish` does it without one. */
import type { Message, Sendable, Serializer, TraceContext } from '@headwater/core';
import { type EncodingOptions, toNewEntry, withTrace } from '@headwater/core/store-kit';
import { toBuffer, toBytes } from './decode.js';
import { checkName, checkSchema } from './options.js';
import { quoteName } from './schema/index.js';

/** Whatever runs the transaction: a `Client` or a `PoolClient` of `pg`, or anything that takes a text with `$1` like them. */
export interface TransactionClient {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** Options of {@link publishIn}. Those that a hub has too must be the same as the hub's. */
export interface PublishInOptions {
  /** Idempotency key, 1 to 200 characters, good for 10 minutes within the channel. */
  readonly key?: string | undefined;
  /** The store's `name`. Default `headwater`. */
  readonly name?: string | undefined;
  /** The store's `schema`. Default `headwater`. */
  readonly schema?: string | undefined;
  /** True for a keyed channel: the data is an operation on its items. Default false. */
  readonly keyed?: boolean | undefined;
  /** Turns data that is not a string into one. Default `JSON.stringify`. */
  readonly serializer?: Serializer | undefined;
  /** The largest event, in bytes. Default 1 MiB. */
  readonly maxEventBytes?: number | undefined;
  /** Which region a channel belongs to. Default none. */
  readonly regionOf?: EncodingOptions['regionOf'];
  /** Stored with the message: what `activeTraceContext()` of `@headwater/tracing` answers. Default none. */
  readonly trace?: TraceContext | undefined;
}

/**
 * Publishes `message` within the transaction that `client` has open: it is out, with the same bytes as by `hub.publish`, as soon as
 * that has committed, and never if it has not. It has no id yet when this resolves.
 *
 * @example
 * ```ts
 * await client.query('begin');
 * await client.query('update orders set state = $1 where id = $2', ['paid', 7]);
 * await publishIn(client, 'orders', { event: 'paid', data: { id: 7 } });
 * await client.query('commit');
 * ```
 * Throws (as a rejection) TypeError, RangeError for a wrong channel, message or option; SseError `ERR_SSE_SERIALIZE`,
 * `ERR_SSE_EVENT_TOO_LARGE`. Rejects with what the client says, and then the transaction is over, as with any failed statement.
 */
export async function publishIn(
  client: TransactionClient,
  channel: string,
  message: Sendable | Message,
  options: PublishInOptions = {},
): Promise<void> {
  const { key, keyed = false, serializer = JSON.stringify, maxEventBytes = 2 ** 20, regionOf, trace } = options;
  const [log, schema] = [checkName(options.name), quoteName(checkSchema(options.schema))];
  const encoding = { serializer, maxEventBytes, regionOf, isKeyed: keyed, time: Date.now() };
  const entry = toNewEntry(channel, message, key, encoding);
  const { body, time, item } = trace ? withTrace(entry, trace) : entry;
  await client.query(`select ${schema}.sse_enqueue($1, $2, $3, $4, $5, $6, $7)`, [
    log,
    channel,
    toBuffer(body),
    time,
    toBytes(key),
    toBytes(item?.id),
    toBytes(item?.json),
  ]);
}
