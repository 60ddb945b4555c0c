/** RESP, the protocol of Redis, as far as a proxy has to understand answers: where each ends, and what is inside arrays. */
import { Buffer } from 'node:buffer';

/** An answer, or a part of one. */
export interface Resp {
  /** The first byte: `*`, `$`, `+`, ... */
  readonly type: string;
  /** The bytes of a simple value, its type and line end included; of an aggregate undefined. */
  readonly raw: Buffer | undefined;
  /** Of a bulk string. */
  readonly text: string | undefined;
  readonly items: readonly Resp[];
}

const AGGREGATES = '*%~>';
const BULKS = '$=!';

export class RespReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** The answers that `bytes` completes. */
  push(bytes: Buffer): Resp[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const answers: Resp[] = [];
    let at = 0;
    for (let found = parse(this.#bytes, at); found; found = parse(this.#bytes, at)) {
      answers.push(found.value);
      at = found.end;
    }
    this.#bytes = this.#bytes.subarray(at);
    return answers;
  }
}

/** Undefined where `bytes` ends before the value does. */
function parse(bytes: Buffer, at: number): { value: Resp; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd === -1) return undefined;
  const type = String.fromCharCode(bytes[at] as number);
  const count = Number(bytes.toString('latin1', at + 1, lineEnd));
  let end = lineEnd + 2;
  if (AGGREGATES.includes(type) && count >= 0) {
    const items: Resp[] = [];
    for (let left = type === '%' ? count * 2 : count; left > 0; left--) {
      const item = parse(bytes, end);
      if (!item) return undefined;
      items.push(item.value);
      end = item.end;
    }
    return { value: { type, raw: undefined, text: undefined, items }, end };
  }
  let text: string | undefined;
  if (BULKS.includes(type) && count >= 0) {
    if (bytes.length < end + count + 2) return undefined;
    text = bytes.toString('latin1', end, end + count);
    end += count + 2;
  }
  return { value: { type, raw: bytes.subarray(at, end), text, items: [] }, end };
}

export function encode({ type, raw, items }: Resp): Buffer {
  if (raw) return raw;
  const count = type === '%' ? items.length / 2 : items.length;
  return Buffer.concat([Buffer.from(`${type}${count}\r\n`), ...items.map(encode)]);
}

/** The entries of an answer to XREAD on one stream, `[[key, entries]]` or `{ key: entries }`, and how to put others in their place. */
export function readEntries(
  answer: Resp,
): { entries: readonly Resp[]; encodeWith(entries: readonly Resp[]): Buffer } | undefined {
  const pair =
    answer.type === '%'
      ? answer.items
      : answer.type === '*' && answer.items.length === 1
        ? answer.items[0]?.items
        : undefined;
  const [key, list] = pair ?? [];
  if (pair?.length !== 2 || key?.text === undefined || !list?.items.every(isEntry) || list.items.length === 0)
    return undefined;
  return {
    entries: list.items,
    encodeWith: (entries) => {
      if (entries.length === 0) return Buffer.from(answer.type === '%' ? '_\r\n' : '*-1\r\n');
      const changed = [key, { ...list, items: entries }];
      const items = answer.type === '%' ? changed : [{ ...(answer.items[0] as Resp), items: changed }];
      return encode({ ...answer, items });
    },
  };
}

function isEntry({ items: [id, fields] }: Resp): boolean {
  return /^\d+-\d+$/.test(id?.text ?? '') && fields?.type === '*';
}
