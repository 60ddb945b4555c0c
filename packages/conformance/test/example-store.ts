/**
 * A store in one file of JSON lines, for one process. Every line is a transaction; what the lines say is kept in memory.
 * Invariant: memory is what the lines on disk say. A line is applied once it is there, so nobody sees what a crash takes back.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';
import {
  type Entry,
  type EpochStart,
  type LogState,
  type NewEntry,
  type Page,
  type Position,
  SseError,
  type Store,
  type StoreSupports,
  type Tail,
  type TailListener,
} from '@headwater/core';
import {
  type AppendCall,
  closed,
  failed,
  fenced,
  GroupCommit,
  type Outcome,
  wrongPosition,
} from '@headwater/core/store-kit';

/** The beginning of an epoch, or the entries of one append. */
type Line = { readonly epoch: string } | readonly LineEntry[];

interface LineEntry {
  readonly channel: string;
  readonly body: string;
  readonly time: number;
  /** The idempotency key with its channel, and when it was noted. */
  readonly key?: { readonly id: string; readonly at: number } | undefined;
}

const KEY_TTL_MS = 600_000;

/** Keeps the newest `count` entries, of all channels together; `false` is no bound. */
export function jsonLinesStore(path: string, count: number | false = 10_000): Store {
  return new JsonLinesStore(path, count === false ? Number.POSITIVE_INFINITY : count);
}

class JsonLinesStore implements Store {
  readonly supports: StoreSupports = {
    durable: true,
    shared: false,
    prev: true,
    retentionPerChannel: false,
    snapshots: false,
    items: false,
    cursors: false,
  };
  readonly #count: number;
  readonly #file: Promise<FileHandle>;
  readonly #group = new GroupCommit((calls) => this.#alone(() => this.#commit(calls)));
  readonly #epochs: EpochStart[] = [];
  readonly #entries: Entry[] = [];
  /** By channel: the seq of its newest entry, and the highest one that was trimmed. */
  readonly #lasts = new Map<string, number>();
  readonly #floors = new Map<string, number>();
  readonly #keys = new Map<string, { readonly position: Position; readonly at: number }>();
  readonly #tails = new Set<{ readonly listener: TailListener }>();
  #head = 0;
  /** Bytes of the file that are whole lines. */
  #size = 0;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(path: string, count: number) {
    this.#count = count;
    this.#file = this.#open(path);
    // Every call reports it; without any there is nobody to tell.
    this.#file.catch(() => {});
  }

  startEpoch(epoch: string): Promise<LogState> {
    return this.#alone(async () => {
      await this.#write([{ epoch }]);
      return { head: this.#head, epochs: [...this.#epochs] };
    });
  }

  async state(): Promise<LogState> {
    await this.#ready('tell the state');
    return { head: this.#head, epochs: [...this.#epochs] };
  }

  append(entries: readonly NewEntry[], at: Position): ReturnType<Store['append']> {
    return this.#group.append(entries, at);
  }

  async read(after: number, channels: readonly string[] | undefined, limit: number, maxBytes?: number): Promise<Page> {
    await this.#ready('read');
    const due = this.#entries.filter(({ seq, channel }) => seq > after && (!channels || channels.includes(channel)));
    let bytes = 0;
    const cut = due.findIndex(({ body }, i) => {
      const isFull = i >= limit || (i > 0 && bytes >= (maxBytes ?? Number.POSITIVE_INFINITY));
      bytes += body.byteLength;
      return isFull;
    });
    const entries = cut === -1 ? due : due.slice(0, cut);
    const names = channels ?? [...this.#lasts.keys()];
    return {
      entries,
      upTo: cut === -1 ? this.#head : (entries.at(-1)?.seq ?? after),
      floors: new Map(names.map((name) => [name, this.#floors.get(name) ?? 0])),
      // No channel is ever forgotten here: one that is not known had no entries yet.
      forgotten: 0,
    };
  }

  async tail(from: Position, listener: TailListener): Promise<Tail> {
    await this.#ready('tail');
    // From here on nothing is awaited: fence, backlog and beginning are one transaction.
    if (!this.#isValid(from)) throw fenced('tail', from, this.#head);
    const trimmed = Math.max(0, ...this.#floors.values());
    if (trimmed > from.seq) throw wrongPosition('tail', from, `is below ${trimmed}, up to which entries were trimmed`);
    const backlog = this.#entries.filter(({ seq }) => seq > from.seq);
    const tail = { listener };
    this.#tails.add(tail);
    if (backlog.length > 0) listener.entries(backlog);
    return { stop: () => void this.#tails.delete(tail) };
  }

  async saveSnapshot(): Promise<void> {
    await this.#ready('save a snapshot');
    throw new SseError('ERR_SSE_STORE', 'Cannot save a snapshot: a JSON lines store keeps none');
  }

  async saveCursor(): Promise<void> {
    await this.#ready('save a cursor');
    throw new SseError('ERR_SSE_STORE', 'Cannot save a cursor: a JSON lines store keeps none');
  }

  async loadSnapshot(): Promise<undefined> {
    await this.#ready('load a snapshot');
  }

  async loadItems(): Promise<undefined> {
    await this.#ready('load items');
  }

  async loadCursor(): Promise<undefined> {
    await this.#ready('load a cursor');
  }

  close(): Promise<void> {
    this.#tails.clear();
    // After the transaction that is under way; those behind it find the store closed.
    this.#closing ??= this.#lastTurn.then(async () => (await this.#file).close()).catch(() => {});
    return this.#closing;
  }

  async #open(path: string): Promise<FileHandle> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, constants.O_RDWR | constants.O_CREAT);
      const content = await file.readFile();
      // What follows the last line's end was never acknowledged: a crash has cut it.
      this.#size = content.lastIndexOf('\n') + 1;
      for (const line of content.toString('utf8', 0, this.#size).split('\n')) if (line) this.#apply(JSON.parse(line));
      return file;
    } catch (cause) {
      await file?.close();
      throw failed(`open "${path}"`, cause);
    }
  }

  async #ready(action: string): Promise<FileHandle> {
    if (this.#closing) throw closed(action, 'JSON lines store');
    return this.#file;
  }

  /** One transaction at a time. */
  #alone<T>(transaction: () => Promise<T>): Promise<T> {
    const result = this.#lastTurn.then(() => this.#ready('write')).then(transaction);
    this.#lastTurn = result.catch(() => {});
    return result;
  }

  /** Each call has its own fence and its own line; all of them share the write. */
  async #commit(calls: readonly AppendCall[]): Promise<readonly Outcome[]> {
    const now = Date.now();
    const epoch = this.#epochs.at(-1)?.epoch ?? '';
    const noted = new Map<string, Position>();
    const lines: LineEntry[][] = [];
    let head = this.#head;
    const outcomes = calls.map(({ entries, at }) => {
      if (!this.#isValid(at)) return fenced('append', at, this.#head);
      const line: LineEntry[] = [];
      lines.push(line);
      return entries.map(({ channel, body, time, key }) => {
        const id = JSON.stringify([channel, key]);
        const known = key === undefined ? undefined : (noted.get(id) ?? this.#positionOf(id, now));
        if (known) return { ...known, duplicate: true };
        const position = { epoch, seq: ++head };
        if (key !== undefined) noted.set(id, position);
        const base64 = Buffer.from(body).toString('base64');
        line.push({ channel, body: base64, time, key: key === undefined ? undefined : { id, at: now } });
        return { ...position, duplicate: false };
      });
    });
    await this.#write(lines.filter((line) => line.length > 0));
    return outcomes;
  }

  /** Makes the lines durable, then visible, then tells the tails. */
  async #write(lines: readonly Line[]): Promise<void> {
    if (lines.length === 0) return;
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    try {
      const file = await this.#file;
      // A write that failed may have left something behind.
      await file.truncate(this.#size);
      const { bytesWritten } = await file.write(bytes, 0, bytes.length, this.#size);
      if (bytesWritten < bytes.length) throw new Error('there is no room left');
      await file.datasync();
    } catch (cause) {
      throw failed('write', cause);
    }
    this.#size += bytes.length;
    const entries = lines.flatMap((line) => this.#apply(line));
    if (entries.length > 0) for (const { listener } of this.#tails) listener.entries(entries);
  }

  #apply(line: Line): Entry[] {
    if (!('epoch' in line)) return line.map((entry) => this.#push(entry));
    this.#epochs.push({ epoch: line.epoch, start: this.#epochs.length === 0 ? 0 : this.#head + 1 });
    return [];
  }

  #push({ channel, body, time, key }: LineEntry): Entry {
    const position = { seq: ++this.#head, epoch: this.#epochs.at(-1)?.epoch ?? '' };
    const prev = this.#lasts.get(channel) ?? 0;
    const entry = { ...position, channel, prev, time, body: Buffer.from(body, 'base64') };
    this.#entries.push(entry);
    this.#lasts.set(channel, entry.seq);
    if (key) this.#keys.set(key.id, { position, at: key.at });
    if (this.#entries.length > this.#count) {
      const trimmed = this.#entries.shift() as Entry;
      this.#floors.set(trimmed.channel, trimmed.seq);
    }
    return entry;
  }

  #positionOf(id: string, now: number): Position | undefined {
    const noted = this.#keys.get(id);
    if (noted && now - noted.at < KEY_TTL_MS) return noted.position;
    this.#keys.delete(id);
    return undefined;
  }

  #isValid({ epoch, seq }: Position): boolean {
    return seq <= this.#head && this.#epochs.findLast(({ start }) => start <= seq)?.epoch === epoch;
  }
}
