/**
 * Client cursors: the store remembers how far a client has come, so that one that kept no id (a reloaded page, a restarted app)
 * resumes. They are moved only by proof of receipt: a Last-Event-ID, or an ack.
 */
import { createHash } from 'node:crypto';
import { checkChannel } from './channel.js';
import { SseError, shown } from './errors.js';
import { parseEventId } from './event-id.js';
import type { HubCore } from './hub-core.js';
import type { Position } from './store.js';

/** Whose cursor is meant. A client id counts only together with its principal: nobody reads or moves another's cursor. */
export interface Client {
  readonly clientId: string;
  readonly principal?: string | undefined;
  /** All channels of the client's stream, in any order. */
  readonly channels: readonly string[];
}

/** A client's word that it has everything up to and including the event `id`. */
export interface Ack extends Client {
  /** The EventId of the newest event that was received. Untrusted. */
  readonly id: string;
}

const CLIENT_ID = /^[\x21-\x7e]{1,128}$/;

/** @throws TypeError for an id that is not 1 to 128 characters of printable ASCII without spaces. */
export function checkClientId(clientId: unknown): string {
  if (typeof clientId === 'string' && CLIENT_ID.test(clientId)) return clientId;
  throw new TypeError('clientId must be 1 to 128 characters of printable ASCII without spaces');
}

/** Moves a client's cursor. Rejects with `ERR_SSE_POSITION` where `id` is not, or no longer, part of the log. */
export async function acknowledge(core: HubCore, ack: Ack): Promise<void> {
  const client = { ...ack, clientId: checkClientId(ack.clientId), channels: ack.channels.map(checkChannel) };
  if (client.channels.length === 0) throw new TypeError('Cannot acknowledge nothing: name at least one channel');
  assertCursors(core);
  const at = typeof ack.id === 'string' ? parseEventId(ack.id) : undefined;
  if (!at || (await core.log.locate(at))) {
    throw new SseError('ERR_SSE_POSITION', `Cannot acknowledge ${shown(String(ack.id))}: it is not part of the log`, {
      statusCode: 409,
    });
  }
  await saveCursor(core, client, at);
}

export function saveCursor(core: HubCore, client: Client, at: Position): Promise<void> {
  const { store, clock } = core.options;
  return store.saveCursor(keyOf(client), { at, time: clock.now() });
}

/** The place up to which the client is known to have everything; it may be lost since then. */
export async function loadCursor(core: HubCore, client: Client): Promise<Position | undefined> {
  const cursor = await core.options.store.loadCursor(keyOf(client));
  return cursor?.at;
}

/** @throws TypeError where the store keeps no cursors. */
export function assertCursors(core: HubCore): void {
  if (!core.options.store.supports.cursors)
    throw new TypeError('clientId needs a store that keeps cursors (supports.cursors)');
}

/** Of one length whatever the number of channels, and without a principal's name in it. */
function keyOf({ clientId, principal, channels }: Client): string {
  const parts = JSON.stringify([principal ?? null, clientId, channels.toSorted()]);
  return createHash('sha256').update(parts).digest('base64url');
}
