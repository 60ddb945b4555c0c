/**
 * Commands: what hubs tell each other, as entries of the log in a channel that no client can follow. So they reach every process
 * once and in order, also one that was away for a while. Pure.
 */
import { Buffer } from 'node:buffer';
import { decodeBody } from './frame.js';

/** Which connections a command is about; fields that are given must all match. */
export interface Target {
  readonly id?: string | undefined;
  readonly principal?: string | undefined;
  readonly channel?: string | undefined;
}

/** What every process is to do with its matching connections: end them, or let them stay until another time. */
export type Command =
  | { readonly op: 'revoke'; readonly where: Target; readonly detail: string | undefined }
  | { readonly op: 'extend'; readonly where: Target; readonly expiresAt: number };

const FIELDS = ['id', 'principal', 'channel'] as const;

/** @throws TypeError where `where` names nobody: everybody is never meant. */
export function checkTarget(where: Target): Target {
  const given = FIELDS.filter((field) => where?.[field] !== undefined);
  const wrong = given.find((field) => typeof where[field] !== 'string');
  if (wrong) throw new TypeError(`${wrong} must be a string`);
  if (given.length === 0) throw new TypeError('Name whom you mean: id, principal or channel');
  return Object.fromEntries(given.map((field) => [field, where[field]]));
}

export function isMatch(
  connection: { readonly id: string; readonly principal: string | undefined; readonly channels: readonly string[] },
  { id, principal, channel }: Target,
): boolean {
  if (id === undefined && principal === undefined && channel === undefined) return false;
  return (
    (id === undefined || id === connection.id) &&
    (principal === undefined || principal === connection.principal) &&
    (channel === undefined || connection.channels.includes(channel))
  );
}

/** A body like any other's, so that every store and every tool can read it. */
export function encodeCommand(command: Command): Uint8Array {
  return Buffer.from(`data: ${JSON.stringify(command)}\n`, 'utf8');
}

/** Undefined for what this version does not know: a newer process may share the log. */
export function decodeCommand(body: Uint8Array): Command | undefined {
  try {
    const { op, where: named, detail, expiresAt } = JSON.parse(decodeBody(body).data);
    const where = checkTarget(named);
    if (op === 'revoke') return { op, where, detail: typeof detail === 'string' ? detail : undefined };
    return op === 'extend' && Number.isFinite(expiresAt) ? { op, where, expiresAt } : undefined;
  } catch {
    return undefined;
  }
}
