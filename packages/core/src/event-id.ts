/**
 * EventId: the wire form of a position, `<epoch>.<seq>` in base 36. Opaque to clients, at most 22 bytes of `[0-9a-z.]`.
 * Pure. Reading is strict: an id that this module did not write is malformed, never repaired.
 */
import type { Position } from './store.js';

/** Longest Last-Event-ID that is looked at, in bytes (UTF-16 units of a header are bytes). */
export const MAX_LAST_EVENT_ID = 256;

const SHAPE = /^([0-9a-z]{1,10})\.(0|[1-9a-z][0-9a-z]{0,10})$/;

/** 48 random bits in base 36. */
export function newEpoch(random: () => number = Math.random): string {
  return Math.floor(random() * 2 ** 48).toString(36);
}

export function formatEventId(epoch: string, seq: number): string {
  return `${epoch}.${seq.toString(36)}`;
}

/** The position that `text` names, or undefined where it is no EventId. */
export function parseEventId(text: string): Position | undefined {
  if (text.length > MAX_LAST_EVENT_ID) return undefined;
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const seq = Number.parseInt(match[2] as string, 36);
  return Number.isSafeInteger(seq) ? { epoch: match[1] as string, seq } : undefined;
}
