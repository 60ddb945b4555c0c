/**
 * Batch: the bytes of one or more whole frames, framed once as an HTTP/1.1 chunk (RFC 9112 section 7.1) and shared by every sink.
 * The chunk's header and trailer are part of the same buffer, so a chunked sink writes one buffer and an unchunked one a view of it.
 * Never modified after it is made.
 */
import { Buffer } from 'node:buffer';

export interface Batch {
  /** The frames alone. */
  readonly plain: Uint8Array;
  /** The same bytes as one chunk. */
  readonly chunk: Uint8Array;
  /** Length of `plain` in bytes, never 0. */
  readonly size: number;
}

/** Joins `parts` into one batch. At least one byte in all: an empty chunk would end the stream. */
export function joinBatch(parts: readonly Uint8Array[]): Batch {
  let size = 0;
  for (const part of parts) size += part.length;
  const header = `${size.toString(16)}\r\n`;
  const buffer = Buffer.allocUnsafe(header.length + size + 2);
  let offset = buffer.write(header, 0, 'latin1');
  for (const part of parts) {
    buffer.set(part, offset);
    offset += part.length;
  }
  buffer[offset] = 0x0d;
  buffer[offset + 1] = 0x0a;
  return { plain: buffer.subarray(header.length, offset), chunk: buffer, size };
}

/** A batch of one text. */
export function textBatch(text: string): Batch {
  return joinBatch([Buffer.from(text, 'utf8')]);
}
