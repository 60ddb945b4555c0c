/**
 * Records: what the messages of the log's stream mean. Pure.
 *
 * One message is one transaction: a group of entries, the beginning of an epoch, or a part of the table of what was purged. Its
 * meaning is in one header, so that the log can be indexed without its bodies; the bodies, one after the other, are the payload.
 * Invariant: a record names the one it follows (`parent`) and the head before it (`base`), so that whoever follows the stream
 * knows that it is still the same log, and the same one that the writer saw.
 */
import type { EpochStart } from '@headwater/core';

export const HEADER = 'Headwater';

const LAYOUT = 1;

/** An entry of a record; what it lacks of an `Entry` is the record's. */
export interface RecordEntry {
  readonly channel: string;
  /** See `Entry.prev`. */
  readonly prev: number | undefined;
  readonly time: number;
  readonly size: number;
  readonly key: string | undefined;
}

/** What is remembered of purged records, in parts: the channels that have nothing else left, and the newest epochs. */
export interface TablePart {
  /** The parts of one table have the same id. */
  readonly id: string;
  readonly part: number;
  readonly parts: number;
  /** Everything up to here may be purged: the table knows of it. */
  readonly covers: number;
  readonly forgotten: number;
  readonly channels: readonly (readonly [channel: string, last: number | null, touched: number, floor: number])[];
  readonly epochs: readonly EpochStart[];
}

export interface LogRecord {
  readonly id: string;
  /** The id of the record before it, empty for the first. */
  readonly parent: string;
  /** The head before it. */
  readonly base: number;
  /** Milliseconds since 1970 by the writer's clock. */
  readonly written: number;
  /** The epoch in force for its entries. */
  readonly epoch: string;
  readonly entries: readonly RecordEntry[];
  /** This epoch begins here. */
  readonly begins?: string | undefined;
  readonly table?: TablePart | undefined;
}

/** The header: short names, because each small event pays for them. */
interface Wire {
  readonly v: number;
  readonly id: string;
  readonly up: string;
  readonly at: number;
  readonly t: number;
  readonly e: string;
  /** The channels of the entries, and the `prev` of the first entry of each. */
  readonly c?: readonly (readonly [string, number | null])[];
  /** Channel by number, time, size, key. */
  readonly n?: readonly (readonly [number, number, number, string?])[];
  readonly b?: string;
  readonly p?: TablePart;
}

/** The header's value: ASCII without line ends, as headers are. */
export function encodeRecord({ id, parent, base, written, epoch, entries, begins, table }: LogRecord): string {
  const channels = new Map<string, number>();
  const c: [string, number | null][] = [];
  const n = entries.map(({ channel, prev, time, size, key }): readonly [number, number, number, string?] => {
    let index = channels.get(channel);
    if (index === undefined) {
      index = channels.size;
      channels.set(channel, index);
      c.push([channel, prev ?? null]);
    }
    return key === undefined ? [index, time, size] : [index, time, size, key];
  });
  const wire: Wire = {
    v: LAYOUT,
    id,
    up: parent,
    at: base,
    t: written,
    e: epoch,
    ...(entries.length > 0 && { c, n }),
    ...(begins !== undefined && { b: begins }),
    ...(table && { p: table }),
  };
  return toAscii(JSON.stringify(wire));
}

/** Undefined for what is not a record. @throws Error for a record in a layout that this version does not know. */
export function decodeRecord(header: string): LogRecord | undefined {
  if (!header.startsWith('{"v":')) return undefined;
  const wire = JSON.parse(header) as Wire;
  if (wire.v !== LAYOUT) {
    throw new Error(
      `the log has a record in layout ${wire.v}, which this version does not know: use the version that wrote it, or another name`,
    );
  }
  const last = wire.c?.map(([, prev]) => prev ?? undefined) ?? [];
  const entries = (wire.n ?? []).map(([index, time, size, key], i): RecordEntry => {
    const prev = last[index];
    last[index] = wire.at + i + 1;
    return { channel: wire.c?.[index]?.[0] ?? '', prev, time, size, key };
  });
  return {
    id: wire.id,
    parent: wire.up,
    base: wire.at,
    written: wire.t,
    epoch: wire.e,
    entries,
    begins: wire.b,
    table: wire.p,
  };
}

function toAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
