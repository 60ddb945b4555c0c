/** Ready-made handlers, without a framework: what Express and Fastify wrap in one line each. */
import { checkClientId } from '../client-cursors.js';
import { isMatch } from '../commands.js';
import type { Connection } from '../connection.js';
import { SseError, shown } from '../errors.js';
import { type AnyHub, coreOf } from '../hub.js';
import type { Subscribed } from '../subscribed.js';
import type { SyncResult } from '../sync.js';
import { badRequest, denied, type EndpointOptions, grantFor, renewable } from './grant.js';
import { readQuery } from './query.js';

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
  const core = coreOf(connection.hub);
  connection.asked();
  const ask = () => grantFor(connection.hub, authorize, { request, channels, clientId, connection });
  // Who is revoked while it is being asked was asked about too early.
  const revocations = core.watchRevocations();
  try {
    const grant = await ask();
    const { principal, expiresAt, region } = grant;
    const self = { id: connection.id, principal, channels };
    if (revocations.seen.some((where) => isMatch(self, where))) throw denied();
    Object.assign(connection, { principal, expiresAt, region });
    core.observers.emit('authorized', connection);
    const filter = renewable(connection, grant, ask);
    // A client that names itself to a store that keeps no cursors is served as any other.
    const isKept = clientId !== undefined && core.options.store.supports.cursors;
    return connection.subscribe(channels, {
      ...subscribe,
      ...(filter ? { filter } : {}),
      ...(isKept ? { clientId } : {}),
    });
  } finally {
    revocations.stop();
  }
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
  if (wrong !== undefined) throw badRequest(`not a channel name: ${shown(wrong)}`);
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
  const { origin, 'sec-fetch-site': site, host, ':authority': authority = host } = headers;
  const own = typeof origin === 'string' ? origin : undefined;
  coreOf(hub).checkOrigin(own, request);
  // Without TLS, and in browsers of before 2023, there is no `Sec-Fetch-Site`: then the two names have to do.
  const isForeign = site === undefined && own !== undefined && own.replace(/^[a-z]+:\/\//, '') !== authority;
  return { isFromOtherSite: site === 'cross-site' || isForeign };
}
