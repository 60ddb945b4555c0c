/**
 * History: pages of the log. Of some channels from their streams, of all from the feed, and where that does not reach back so far
 * from all streams, in steps.
 * Invariant: what a page lacks was trimmed, and the page's floors, which are read with its entries or after them, say so.
 */
import { type Entry, type Page, SseError } from '@headwater/core';
import { type RawEntry, seqOf, toEntry, toFloors } from './decode.js';
import type { Log } from './log.js';
import { FLOORS, READ, READ_FEED, SCAN } from './lua/read.js';
import { Script } from './script.js';
import type { Server } from './server.js';

const read = new Script(READ);
const readFeed = new Script(READ_FEED);
const scan = new Script(SCAN);
const floorsOf = new Script(FLOORS);

/** Entries of one channel in one step: at worst a hundred times as many come together. */
const CHUNK = 64;

/** A log that is restored to an older copy twice while a page is read is left to settle. */
const TRIES = 3;

type RawPage = readonly [upTo: number, forgotten: number, floors: readonly unknown[], entries: readonly RawEntry[]];

export class History {
  readonly #server: Server;
  readonly #log: Log;

  constructor(server: Server, log: Log) {
    this.#server = server;
    this.#log = log;
  }

  /** See `Store.read`. */
  async read(after: number, channels: readonly string[] | undefined, limit: number, maxBytes: number): Promise<Page> {
    const { keys } = this.#server;
    const bounds = [String(after), String(limit), Number.isFinite(maxBytes) ? String(maxBytes) : '-1'];
    const floors = new Map<string, number>();
    if (channels) {
      const names = [...new Set(channels)];
      const streams = names.map((name) => keys.stream(name));
      const [upTo, forgotten, found, raw] = (await this.#server.run(read, [keys.log, ...streams], bounds)) as RawPage;
      for (const [i, name] of names.entries()) floors.set(name, found[i] as number);
      return { entries: raw.map(toEntry), upTo, floors, forgotten };
    }
    const page = (await this.#server.run(readFeed, [keys.log, keys.feed], bounds)) as RawPage | null;
    if (!page) return this.#readAll(after, limit, maxBytes);
    const [upTo, forgotten, found, raw] = page;
    toFloors(found, floors);
    return { entries: raw.map(toEntry), upTo, floors, forgotten };
  }

  async #readAll(after: number, limit: number, maxBytes: number): Promise<Page> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { head, epoch } = await this.#log.fence({ epoch: '', seq: 0 });
      const raw = await this.#collect(after, head, limit, maxBytes);
      const floors = new Map<string, number>();
      const forgotten = await this.#floors(after, floors);
      // Several transactions look like one where the log only grew meanwhile.
      if (head > 0 && !(await this.#log.fence({ epoch, seq: head })).isValid) continue;
      const entries = raw.map(toEntry);
      const most = Math.min(limit, countWithin(entries, maxBytes));
      const isCut = entries.length > most;
      if (isCut) entries.length = most;
      return { entries, upTo: isCut ? (entries.at(-1)?.seq ?? after) : head, floors, forgotten };
    }
    throw new SseError('ERR_SSE_STORE', 'Cannot read: the log went back meanwhile', { statusCode: 503 });
  }

  /** The first entries after `after` of all channels, ascending; one more than the page may hold, if there is one. */
  async #collect(after: number, head: number, limit: number, maxBytes: number): Promise<RawEntry[]> {
    const found: RawEntry[] = [];
    let bytes = 0;
    for (let from = after; from < head; ) {
      const { entries, upTo } = await this.#stretch(from, head, limit + 1 - found.length);
      for (const entry of entries) {
        found.push(entry);
        if (found.length > limit || bytes >= maxBytes) return found;
        bytes += entry[1][1].byteLength;
      }
      from = upTo;
    }
    return found;
  }

  /** The entries of all channels in a stretch after `after`, whose end is as far as all of them are known. */
  async #stretch(after: number, head: number, wanted: number): Promise<{ entries: RawEntry[]; upTo: number }> {
    let entries: RawEntry[] = [];
    let upTo = head;
    let cursor = '0';
    do {
      const args = [cursor, String(after), String(upTo), String(Math.min(wanted, CHUNK))];
      const answer = await this.#server.run(scan, [this.#server.keys.log], args);
      const [next, complete, found] = answer as [Buffer, number, RawEntry[]];
      if (complete >= 0 && complete < upTo) upTo = complete;
      for (const entry of found) entries.push(entry);
      // A channel may come twice, if the table of channels grows.
      const bySeq = new Map(entries.map((entry) => [seqOf(entry), entry]));
      const seqs = [...bySeq.keys()].filter((seq) => seq <= upTo).sort((a, b) => a - b);
      if (seqs.length > wanted) {
        seqs.length = wanted;
        upTo = seqs.at(-1) as number;
      }
      entries = seqs.map((seq) => bySeq.get(seq) as RawEntry);
      cursor = String(next);
    } while (cursor !== '0');
    return { entries, upTo };
  }

  /** Puts every floor above `after` into `floors`; returns that of the forgotten channels. */
  async #floors(after: number, floors: Map<string, number>): Promise<number> {
    let cursor = '0';
    for (;;) {
      const answer = await this.#server.run(floorsOf, [this.#server.keys.log], [cursor, String(after)]);
      const [next, forgotten, found] = answer as [Buffer, number, unknown[]];
      toFloors(found, floors);
      cursor = String(next);
      if (cursor === '0') return forgotten;
    }
  }
}

/** How many of `entries` make a page of `maxBytes`. */
function countWithin(entries: readonly Entry[], maxBytes: number): number {
  let bytes = 0;
  for (const [index, { body }] of entries.entries()) {
    bytes += body.byteLength;
    if (bytes >= maxBytes) return index + 1;
  }
  return entries.length;
}
