/**
 * Labels: what is stored with a body and never leaves the process. Each is a line before the body that begins as no comment of an
 * application's can, because each line of those gets a space first: `:@` its region, `:%` its trace context. So every store keeps
 * them, as a part of the body. The region comes first. Pure.
 */
import { Buffer } from 'node:buffer';
import type { NewEntry } from './store.js';
import { fromTraceLine, type TraceContext, toTraceLine } from './trace-context.js';

/** What may stand before a body. */
export interface Labels {
  readonly region?: string | undefined;
  readonly trace?: TraceContext | undefined;
}

const COLON = 0x3a;
const AT = 0x40;
const PERCENT = 0x25;
const LF = 0x0a;

/** `body` with its labels before it. @throws TypeError for a malformed trace context. */
export function label(body: Uint8Array, { region, trace }: Labels): Uint8Array {
  if (region === undefined && trace === undefined) return body;
  const lines = `${region === undefined ? '' : `:@${region}\n`}${trace === undefined ? '' : `:%${toTraceLine(trace)}\n`}`;
  return Buffer.concat([Buffer.from(lines, 'latin1'), body]);
}

/** The labels of a stored body, and the body as it is sent. */
export function unlabel(stored: Uint8Array): Labels & { readonly body: Uint8Array } {
  let region: string | undefined;
  let trace: TraceContext | undefined;
  let body = stored;
  while (body[0] === COLON && (body[1] === AT || body[1] === PERCENT)) {
    const end = body.indexOf(LF);
    const text = Buffer.from(body.buffer, body.byteOffset + 2, end - 2).toString('latin1');
    if (body[1] === AT) region = text;
    else trace = fromTraceLine(text);
    body = body.subarray(end + 1);
  }
  return { region, trace, body };
}

/** The same entry with `trace` stored with it. @throws TypeError for a malformed trace context. */
export function withTrace(entry: NewEntry, trace: TraceContext): NewEntry {
  const { region, body } = unlabel(entry.body);
  return { ...entry, body: label(body, { region, trace }) };
}
