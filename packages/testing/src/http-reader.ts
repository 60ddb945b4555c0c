/**
 * HttpReader: just enough of HTTP/1.x to read one response byte by byte: the head, then the body with its transfer coding undone.
 * RFC 9112 sections 2.1, 6.3 and 7.1. Pure but for the state of one response.
 */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';

export interface ResponseHead {
  /** Status line and headers as they came, with the blank line. */
  readonly text: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Splits off the head; undefined while it is incomplete. */
export function readHead(bytes: Buffer): { head: ResponseHead; rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const text = bytes.toString('latin1', 0, end + 4);
  const [statusLine = '', ...fields] = text.trimEnd().split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1];
  if (status === undefined)
    throw new Error(`Cannot read the response: its first line is ${JSON.stringify(statusLine)}`);
  const headers: IncomingHttpHeaders = {};
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    if (name === 'set-cookie') headers[name] = [...(headers[name] ?? []), value];
    else headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { head: { text, status: Number(status), headers }, rest: bytes.subarray(end + 4) };
}

/** Undoes the chunked coding. A body without one passes as it is. */
export class BodyDecoder {
  readonly #isChunked: boolean;
  /** Bytes of the current chunk still to come; 0 between chunks. */
  #left = 0;
  /** What is not of a chunk's data: its header, or the CRLF behind the data. */
  #line: Buffer = Buffer.alloc(0);
  /** True once the last chunk has been seen. */
  isComplete = false;

  constructor(headers: IncomingHttpHeaders) {
    this.#isChunked = /\bchunked\b/i.test(headers['transfer-encoding'] ?? '');
  }

  decode(bytes: Buffer): Buffer {
    if (!this.#isChunked) return bytes;
    const parts: Buffer[] = [];
    let rest = bytes;
    while (rest.length > 0 && !this.isComplete) {
      rest = this.#left > 0 ? this.#readData(rest, parts) : this.#readLine(rest);
    }
    return Buffer.concat(parts);
  }

  #readData(bytes: Buffer, into: Buffer[]): Buffer {
    const data = bytes.subarray(0, this.#left);
    this.#left -= data.length;
    into.push(data);
    return bytes.subarray(data.length);
  }

  #readLine(bytes: Buffer): Buffer {
    const end = bytes.indexOf('\n');
    const stop = end === -1 ? bytes.length : end + 1;
    this.#line = Buffer.concat([this.#line, bytes.subarray(0, stop)]);
    if (end !== -1) {
      const line = this.#line.toString('latin1').trimEnd();
      this.#line = Buffer.alloc(0);
      // The CRLF that ends the data before.
      if (line !== '') this.#startChunk(line);
    }
    return bytes.subarray(stop);
  }

  #startChunk(header: string): void {
    const size = /^([0-9a-f]+)[ \t]*(?:;|$)/i.exec(header)?.[1];
    if (size === undefined) throw new Error(`Cannot read the chunked body: ${JSON.stringify(header)} is no chunk size`);
    this.#left = Number.parseInt(size, 16);
    // Trailers are ignored.
    this.isComplete = this.#left === 0;
  }
}
