/** Shelf: what a log keeps beside its entries: snapshots, the items of keyed channels, and clients' cursors. */
import type { ChannelItems, StoredCursor, StoredSnapshot } from '@headwater/core';
import { wrongPosition } from '@headwater/core/store-kit';
import { fromWord, toWord } from './decode.js';
import { LOAD_CURSOR, LOAD_ITEMS, LOAD_SNAPSHOT, SAVE_CURSOR, SAVE_SNAPSHOT } from './lua/state.js';
import { Script } from './script.js';
import { type Server, toNumber } from './server.js';

const saveSnapshot = new Script(SAVE_SNAPSHOT);
const loadSnapshot = new Script(LOAD_SNAPSHOT);
const loadItems = new Script(LOAD_ITEMS);
const saveCursor = new Script(SAVE_CURSOR);
const loadCursor = new Script(LOAD_CURSOR);

export class Shelf {
  readonly #server: Server;
  readonly #boundsOf: (channel: string) => string;
  readonly #snapshotTtlMs: string;
  readonly #cursorTtlMs: string;

  constructor(server: Server, boundsOf: (channel: string) => string, snapshotTtlMs: number, cursorTtlMs: number) {
    this.#server = server;
    this.#boundsOf = boundsOf;
    this.#snapshotTtlMs = toNumber(snapshotTtlMs);
    this.#cursorTtlMs = toNumber(cursorTtlMs);
  }

  async saveSnapshot(channel: string, { at, data, time }: StoredSnapshot): Promise<void> {
    const { keys } = this.#server;
    const floor = await this.#server.run(
      saveSnapshot,
      [keys.log, keys.snapshot(channel), keys.stream(channel)],
      [toWord(at.epoch), String(at.seq), String(time), data, this.#snapshotTtlMs, this.#boundsOf(channel)],
    );
    if (typeof floor !== 'number') return;
    const why = floor < 0 ? undefined : `is below the channel's floor ${floor}`;
    throw wrongPosition(`save a snapshot of channel "${channel}"`, at, why);
  }

  async loadSnapshot(channel: string): Promise<StoredSnapshot | undefined> {
    const { keys } = this.#server;
    const names = [keys.log, keys.snapshot(channel), keys.stream(channel)];
    const found = await this.#server.run(loadSnapshot, names, [this.#snapshotTtlMs]);
    if (!found) return undefined;
    const [epoch, seq, time, data] = found as [Buffer, number, Buffer, Buffer];
    return { at: { epoch: fromWord(epoch), seq }, data: String(data), time: Number(String(time)) };
  }

  async loadItems(channel: string): Promise<ChannelItems | undefined> {
    const { keys } = this.#server;
    const found = await this.#server.run(loadItems, [keys.log, keys.items(channel), keys.stream(channel)], []);
    if (!found) return undefined;
    const [epoch, seq, flat] = found as [Buffer, number, Buffer[]];
    const items = new Map<string, string>();
    for (let i = 0; i < flat.length; i += 2) items.set(String(flat[i]), String(flat[i + 1]));
    return { at: { epoch: fromWord(epoch), seq }, items };
  }

  async saveCursor(key: string, { at, time }: StoredCursor): Promise<void> {
    const names = [this.#server.keys.log, this.#server.keys.cursor(key)];
    const args = [toWord(at.epoch), String(at.seq), String(time), this.#cursorTtlMs];
    if ((await this.#server.run(saveCursor, names, args)) === -1) throw wrongPosition('save a cursor', at);
  }

  async loadCursor(key: string): Promise<StoredCursor | undefined> {
    const names = [this.#server.keys.log, this.#server.keys.cursor(key)];
    const found = await this.#server.run(loadCursor, names, [this.#cursorTtlMs]);
    if (!found) return undefined;
    const [epoch, seq, time] = found as [Buffer, number, Buffer];
    return { at: { epoch: fromWord(epoch), seq }, time: Number(String(time)) };
  }
}
