/** The options of `redisStore`, and what is made of them. */
import type { Clock, RetentionOptions } from '@headwater/core';
import { type Bounds, type Keeping, resolveRetention } from '@headwater/core/store-kit';
import { isSupported, type RedisClient } from './client.js';

/** Options of `redisStore`. Each channel keeps 10,000 entries, 24 hours and 32 MiB by default. */
export interface RedisStoreOptions extends RetentionOptions {
  /**
   * Where the server is: `redis://user:password@host:port/0`, or `rediss://` for TLS. Needs the package `redis` or `ioredis`,
   * and takes the first that is there. Either this or `client`.
   */
  readonly url?: string | undefined;
  /**
   * A client of `createClient()` of the package `redis`, or a `Redis` or `Cluster` of the package `ioredis`. It is only a model: the store duplicates it for connections of its own, with
   * its address, credentials and TLS, and never uses or closes it. A key prefix of it does not apply.
   */
  readonly client?: RedisClient | undefined;
  /** Keeps several hubs in one database apart: 1 to 64 characters of `[A-Za-z0-9_.-]`. Default `headwater`. */
  readonly name?: string | undefined;
  /**
   * How many of the newest entries are kept once more, in one stream for all channels, from which every process follows the log.
   * A process that falls further behind goes through the channels instead. Default 10,000.
   */
  readonly feedLength?: number | undefined;
  /** Milliseconds after which a call that the server has not answered fails, and its connection is given up. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Told what is wrong with the server's configuration, once for each store. Default `process.emitWarning`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Overrides the server's time, for tests. Without it all time is the server's, whatever the clocks of the processes say. */
  readonly clock?: Clock | undefined;
}

/** {@link RedisStoreOptions}, complete and checked. */
export interface RedisConfig extends Keeping {
  readonly url: string | undefined;
  readonly client: RedisClient | undefined;
  readonly name: string;
  readonly feedLength: number;
  readonly timeoutMs: number;
  readonly onWarning: (message: string) => void;
  readonly clock: Clock | undefined;
}

/** A night and a working day; 3.3 KiB for each of the 10,000. */
const RETENTION: Bounds = { count: 10_000, ageMs: 86_400_000, bytes: 32 * 2 ** 20 };

const FEED_LENGTH = 10_000;

/** A server that takes longer than this is not there for whoever waits for an answer. */
const TIMEOUT_MS = 5_000;

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Checks and completes `options`. @throws TypeError, RangeError */
export function resolveOptions(options: RedisStoreOptions): RedisConfig {
  const { url, client, name = 'headwater', onWarning, clock } = options;
  if ((url === undefined) === (client === undefined)) throw new TypeError('redisStore needs either a url or a client');
  if (client !== undefined && !isSupported(client)) {
    throw new TypeError(
      'client must be one of createClient() of the package redis, or a Redis or Cluster of the package ioredis',
    );
  }
  if (url !== undefined && !/^rediss?:\/\//.test(url)) {
    throw new TypeError('url must begin with redis:// or rediss://');
  }
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new TypeError(`name must be 1 to 64 characters of [A-Za-z0-9_.-], not ${JSON.stringify(name)}`);
  }
  if (onWarning !== undefined && typeof onWarning !== 'function') {
    throw new TypeError(`onWarning must be a function, not ${typeof onWarning}`);
  }
  return {
    ...resolveRetention(options, RETENTION),
    url,
    client,
    name,
    feedLength: toCount('feedLength', options.feedLength, FEED_LENGTH),
    timeoutMs: toCount('timeoutMs', options.timeoutMs, TIMEOUT_MS),
    onWarning: onWarning ?? ((message) => process.emitWarning(message, 'HeadwaterWarning')),
    clock,
  };
}

function toCount(name: string, given: number | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (typeof given !== 'number') throw new TypeError(`${name} must be a number, not ${typeof given}`);
  if (!Number.isSafeInteger(given) || given < 1)
    throw new RangeError(`${name} must be an integer of at least 1, not ${given}`);
  return given;
}
