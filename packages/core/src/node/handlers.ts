/** Ready-made handlers, without a framework: what Express and Fastify wrap in one line each. */
import { checkClientId } from '../client-cursors.js';
import type { Connection } from '../connection.js';
import { hasCode, SseError } from '../errors.js';

import { type AnyHub, coreOf } from '../hub.js';
import type { Subscribed } from '../subscribed.js';
import type { Filter, SubscribeOptions } from '../subscription.js';
import type { SyncResult } from '../sync.js';
import { readQuery } from './query.js';

/** What an authorised client gets. */
export interface Grant {
  /** Who it is: `hub.disconnect({ principal })` ends its connections. */
  readonly principal?: string | undefined;
  /** Milliseconds since 1970 at which the permission ends. */
  readonly expiresAt?: number | undefined;
  /** Withholds events. */
  readonly filter?: Filter | undefined;
  /** Where the client belongs: channels of other regions are refused with 451 (see `HubOptions.regionOf`). */
  readonly region?: string | undefined;
  /** The client ids (`?clientId=`) that this principal may use. Default: any; they count together with the principal. */
  readonly clientIds?: readonly string[] | undefined;
}

/**
 * Decides whether `request` may follow `channels`: true or a {@link Grant} allows, anything else denies, and so does throwing.
 * Asked for every connection, also one that resumes: an id is a place, never a permission.
 */
export type Authorize<Request> = (
  request: Request,
  channels: readonly string[],
) => boolean | Grant | undefined | null | Promise<boolean | Grant | undefined | null>;

/** Options of the handlers whose channels come from the request. */
export interface EndpointOptions<Request> extends Omit<SubscribeOptions, 'filter'> {
  /** Required: without it nobody may follow a channel that a client names. */
  authorize: Authorize<Request>;
}

/** @throws TypeError where `authorize` is missing. */
export function checkEndpoint<Request>(name: string, options: EndpointOptions<Request>): void {
  if (typeof options?.authorize === 'function') return;
  throw new TypeError(
    `${name} needs authorize(request, channels): by default nobody may follow channels that a client names`,
  );
}

/** Opens the stream that `url` asks for: `?channel=a&channel=b` or `?channels=a,b`. */
export async function openStream<Request>(
  connection: Connection,
  request: Request,
  url: string | undefined,
  options: EndpointOptions<Request>,
): Promise<Subscribed> {
  const { authorize, ...subscribe } = options;
  const query = readQuery(url);
  const channels = channelsOf(query);
  const clientId = clientIdOf(query);
  const ask = () => grantFor(connection.hub, authorize, { request, channels, clientId, connection });
  const { principal, expiresAt, filter, region } = await ask();
  Object.assign(connection, { principal, expiresAt, region });
  if (expiresAt !== undefined) connection.renew = () => ask().catch(ifDenied);
  // A client that names itself to a store that keeps no cursors is served as any other.
  const isKept = clientId !== undefined && coreOf(connection.hub).options.store.supports.cursors;
  return connection.subscribe(channels, {
    ...subscribe,
    ...(filter ? { filter } : {}),
    ...(isKept ? { clientId } : {}),
  });
}

/**
 * Takes a client's word that it has everything up to an id: `?clientId=...&channels=a,b&id=<EventId>`, the channels being those of
 * its stream. Rejects with a status of 400, 403 or 409 (the id is not, or no longer, part of the log).
 */
export async function takeAck<Request>(
  hub: AnyHub,
  request: Request,
  url: string | undefined,
  options: EndpointOptions<Request>,
): Promise<void> {
  const query = readQuery(url);
  const channels = channelsOf(query);
  const clientId = clientIdOf(query);
  const id = query?.get('id');
  if (clientId === undefined || !id) throw badRequest('name the client and the event: ?clientId=...&id=...');
  // What moves something must not be another site's doing (CSRF); one that is on the list may.
  if (checkOrigin(hub, request).isFromOtherSite && coreOf(hub).options.origins === false) {
    throw new SseError('ERR_SSE_ORIGIN', 'Acks from other sites need an entry in the option origins', {
      statusCode: 403,
    });
  }
  const { principal } = await grantFor(hub, options.authorize, { request, channels, clientId });
  await hub.ack({ clientId, principal, channels, id });
}

/** The answer to `?channels=...&after=<id>&limit=` (also `seq=`, answered by `next_seq` too). */
export async function answerSync<Request>(
  hub: AnyHub,
  request: Request,
  url: string | undefined,
  options: EndpointOptions<Request>,
): Promise<SyncResult & { next_seq?: string }> {
  const query = readQuery(url);
  const channels = channelsOf(query);
  const limit = query?.get('limit');
  if (limit && !/^[1-9]\d{0,6}$/.test(limit)) throw badRequest('limit must be a positive integer');
  checkOrigin(hub, request);
  const { filter, region } = await grantFor(hub, options.authorize, { request, channels });
  const seq = query?.get('seq') ?? undefined;
  const after = query?.get('after') ?? seq;
  const result = await hub.sync({ channels, after, limit: limit ? Number(limit) : undefined, filter, region });
  return seq === undefined ? result : { ...result, next_seq: result.next };
}

/** Status and body for a probe: `live` fails only when the process should be restarted, `ready` also while it should get no clients. */
export function answerHealth(hub: AnyHub, probe: 'live' | 'ready'): { status: number; body: object } {
  const health = hub.health();
  return { status: health[probe] ? 200 : 503, body: health };
}

/** The channels that a query names. */
function channelsOf(query: URLSearchParams | undefined): string[] {
  const named = [
    ...(query?.getAll('channel') ?? []),
    ...(query?.getAll('channels') ?? []).flatMap((list) => list.split(',')),
  ];
  const channels = [...new Set(named.filter((name) => name !== ''))];
  if (channels.length === 0) throw badRequest('name the channels: ?channel=a&channel=b or ?channels=a,b');
  const wrong = channels.find((name) => !/^[\x21-\x2b\x2d-\x7e]{1,200}$/.test(name));
  if (wrong !== undefined) throw badRequest(`not a channel name: ${JSON.stringify(wrong.slice(0, 80))}`);
  return channels;
}

function clientIdOf(query: URLSearchParams | undefined): string | undefined {
  const clientId = query?.get('clientId') ?? undefined;
  if (clientId === undefined) return undefined;
  try {
    return checkClientId(clientId);
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}

/** The hub's own list of origins, also for requests that are no streams. Answers what else the browser says of the request. */
function checkOrigin(hub: AnyHub, request: unknown): { isFromOtherSite: boolean } {
  const { headers = {} } = request as { headers?: Record<string, string | string[] | undefined> };
  const { origin, 'sec-fetch-site': site } = headers;
  coreOf(hub).checkOrigin(typeof origin === 'string' ? origin : undefined, request);
  return { isFromOtherSite: site === 'cross-site' };
}

function ifDenied(error: unknown): undefined {
  if (!hasCode(error, 'ERR_SSE_DENIED')) throw error;
}

interface Asked<Request> {
  readonly request: Request;
  readonly channels: readonly string[];
  readonly clientId?: string | undefined;
  readonly connection?: Connection | undefined;
}

async function grantFor<Request>(hub: AnyHub, authorize: Authorize<Request>, asked: Asked<Request>): Promise<Grant> {
  const { request, channels, clientId, connection } = asked;
  const { maxChannels } = coreOf(hub).options;
  if (channels.length > maxChannels) throw badRequest(`at most ${maxChannels} channels`);
  let grant: Awaited<ReturnType<Authorize<Request>>>;
  try {
    grant = await authorize(request, channels);
  } catch (error) {
    coreOf(hub).observers.error(error, 'subscribe');
    throw denied();
  }
  const given = grant === true ? {} : grant;
  const isAllowed = typeof given === 'object' && given !== null;
  if (isAllowed && (clientId === undefined || given.clientIds?.includes(clientId) !== false)) return given;
  const what = isAllowed ? `as client ${JSON.stringify(clientId)}` : channels.join();
  coreOf(hub).observers.emit('denied', { why: 'authorize', detail: `Not allowed: ${what}`, connection, request });
  throw denied();
}

function denied(): SseError {
  return new SseError('ERR_SSE_DENIED', 'Not allowed to follow these channels', { statusCode: 403 });
}

function badRequest(why: string): SseError {
  return new SseError('ERR_SSE_BAD_REQUEST', `Bad request: ${why}`, { statusCode: 400 });
}
