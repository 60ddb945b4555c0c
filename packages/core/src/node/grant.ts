/**
 * Grants: what `authorize` says of a request, and for how long.
 * Invariant: whatever is not clearly a permission is none.
 */
import type { Connection } from '../connection.js';
import { hasCode, SseError } from '../errors.js';
import { type AnyHub, coreOf } from '../hub.js';
import { REGION } from '../regions.js';
import type { Filter, SubscribeOptions } from '../subscription.js';

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

function ifDenied(error: unknown): undefined {
  if (!hasCode(error, 'ERR_SSE_DENIED')) throw error;
}

interface Asked<Request> {
  readonly request: Request;
  readonly channels: readonly string[];
  readonly clientId?: string | undefined;
  readonly connection?: Connection | undefined;
}

export async function grantFor<Request>(
  hub: AnyHub,
  authorize: Authorize<Request>,
  asked: Asked<Request>,
): Promise<Grant> {
  const { request, channels, clientId, connection } = asked;
  const { maxChannels } = coreOf(hub).options;
  if (channels.length > maxChannels) throw badRequest(`at most ${maxChannels} channels`);
  let grant: Awaited<ReturnType<Authorize<Request>>>;
  try {
    grant = checkGrant(await authorize(request, channels));
  } catch (error) {
    coreOf(hub).observers.error(error, 'authorize', connection);
    throw denied();
  }
  const given = grant === true ? {} : grant;
  const isAllowed = typeof given === 'object' && given !== null && !isOver(hub, given);
  if (isAllowed && (clientId === undefined || given.clientIds?.includes(clientId) !== false)) return given;
  const what = isAllowed ? `as client ${JSON.stringify(clientId)}` : channels.join();
  coreOf(hub).observers.emit('denied', { why: 'authorize', detail: `Not allowed: ${what}`, connection, request });
  throw denied();
}

/** What has ended before it began: seconds in the place of milliseconds, say. */
function isOver(hub: AnyHub, { expiresAt = Number.POSITIVE_INFINITY }: Grant): boolean {
  return expiresAt <= coreOf(hub).options.clock.now();
}

/** A grant that was made wrong grants nothing. A time that is none would never end. @throws TypeError */
function checkGrant<Given>(grant: Given): Given {
  if (typeof grant !== 'object' || grant === null) return grant;
  for (const [name, isRight] of Object.entries(GRANT)) {
    const value = (grant as { [name: string]: unknown })[name];
    if (value !== undefined && !isRight(value)) throw new TypeError(`authorize has granted a wrong ${name}`);
  }
  return grant;
}

const isString = (value: unknown): boolean => typeof value === 'string';

const GRANT: { readonly [Name in keyof Required<Grant>]: (value: unknown) => boolean } = {
  principal: isString,
  expiresAt: (value) => typeof value === 'number' && !Number.isNaN(value),
  filter: (value) => typeof value === 'function',
  region: (value) => isString(value) && REGION.test(value as string),
  clientIds: (value) => Array.isArray(value) && value.every(isString),
};

export function denied(): SseError {
  return new SseError('ERR_SSE_DENIED', 'Not allowed to follow these channels', { statusCode: 403 });
}

/**
 * Lets a grant that ends be asked for again while the stream goes on. Answers the filter, which is that of the newest grant. What
 * cannot change in place is not renewed: the client is told, and comes back to what it may have then.
 */
export function renewable(connection: Connection, grant: Grant, ask: () => Promise<Grant>): Filter | undefined {
  if (grant.expiresAt === undefined) return grant.filter;
  let { filter } = grant;
  const isFiltered = filter !== undefined;
  connection.renew = async () => {
    const again = await ask().catch(ifDenied);
    if (!again || again.principal !== grant.principal || again.region !== grant.region) return undefined;
    if (again.filter && !isFiltered) return undefined;
    filter = again.filter;
    return again;
  };
  return isFiltered ? (event) => (filter ? filter(event) : true) : undefined;
}

export function badRequest(why: string): SseError {
  return new SseError('ERR_SSE_BAD_REQUEST', `Bad request: ${why}`, { statusCode: 400 });
}
