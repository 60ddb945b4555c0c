/** Messages: what the server says of the log's stream and of single messages in it. */
import { type Entry, SseError } from '@headwater/core';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { toEntries } from './bodies.js';
import { decodeRecord, HEADER, type LogRecord } from './record.js';

/** The log is not the one that it was: the call may be made again, in a session that has read it anew. */
export class WentBack extends SseError {
  constructor(why: string) {
    super('ERR_SSE_STORE', `The log on the server is not the one that it was: ${why}`, { statusCode: 503 });
  }
}

/** @throws WentBack where the stream was deleted. */
export async function infoOf(jsm: JetStreamManager, stream: string): Promise<StreamInfo> {
  try {
    return await jsm.streams.info(stream);
  } catch (error) {
    if (!isRefusal(error, JetStreamApiCodes.StreamNotFound)) throw error;
    throw new WentBack('its stream was deleted');
  }
}

/** The last message that is there: those that somebody deleted at the end never come. */
export async function lastOf(jsm: JetStreamManager, stream: string): Promise<number> {
  const { state } = await jsm.streams.info(stream, { deleted_details: true });
  const deleted = new Set(state.deleted);
  let last = state.last_seq;
  while (deleted.has(last)) last--;
  return last;
}

/** Undefined where the message is not a record. @throws Error for a layout that this version does not know. */
export function recordOf(hdrs: MsgHdrs | undefined): LogRecord | undefined {
  return decodeRecord(hdrs?.get(HEADER) ?? '');
}

/** The id of the record at `position`; undefined where there is none. */
export async function idAt(jsm: JetStreamManager, stream: string, position: number): Promise<string | undefined> {
  const msg = await jsm.streams.getMessage(stream, { seq: position }).catch(noneFound);
  return recordOf(msg?.header)?.id;
}

/** The entries of the record at `position`; undefined where there is none. */
export async function entriesAt(
  jsm: JetStreamManager,
  stream: string,
  position: number,
): Promise<readonly Entry[] | undefined> {
  const query = { seq: position };
  const direct = await jsm.direct.getMessage(stream, query).catch((error: unknown) => {
    // A server that is catching up, or has no such interface: the stream's leader knows.
    if ((error as Error).name === 'JetStreamStatusError') return null;
    throw error;
  });
  const msg = direct ?? (await jsm.streams.getMessage(stream, query).catch(noneFound));
  const record = msg ? recordOf(msg.header) : undefined;
  return msg && record ? toEntries(record, msg.data.slice()) : undefined;
}

/** True where the server has answered with that code. */
export function isRefusal(error: unknown, code: number): error is JetStreamApiError {
  return error instanceof JetStreamApiError && error.code === code;
}

function noneFound(error: unknown): null {
  if (isRefusal(error, JetStreamApiCodes.NoMessageFound)) return null;
  throw error;
}
