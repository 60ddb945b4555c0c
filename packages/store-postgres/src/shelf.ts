/** Shelf: what a log keeps beside its entries: snapshots, the items of keyed channels, and clients' cursors. */
import type { ChannelItems, StoredCursor, StoredSnapshot } from '@headwater/core';
import { wrongPosition } from '@headwater/core/store-kit';
import type { ChannelBounds } from './bounds.js';
import type { Server } from './server.js';
import type { Statement } from './statement.js';

const LOAD_SNAPSHOT = `
select s.epoch, s.seq, s.time, encode(s.data, 'hex')
from {schema}.logs l join {schema}.snapshots s on s.log = l.id
  left join {schema}.channels c on c.log = l.id and c.name = s.channel
where l.name = $1 and s.channel = $2 and {schema}.now_ms($3) - s.time < $4
  and s.seq >= coalesce(c.floor, l.forgotten) and s.seq <= l.head and {schema}.in_force(l.id, s.seq) = s.epoch`;

/** The place, then the items: one statement, one snapshot. */
const LOAD_ITEMS = `
with l as materialized (select id, head from {schema}.logs where name = $1)
select {schema}.in_force(id, head), head, null, null from l
union all
select null, null, encode(i.id, 'hex'), encode(i.json, 'hex')
from {schema}.items i where i.log = (select id from l) and i.channel = $2`;

const LOAD_CURSOR = `
select c.epoch, c.seq, c.time from {schema}.logs l join {schema}.cursors c on c.log = l.id
where l.name = $1 and c.key = $2 and {schema}.now_ms($3) - c.time < $4`;

export class Shelf {
  readonly #server: Server;
  readonly #bounds: ChannelBounds;
  readonly #snapshotTtlMs: number;
  readonly #cursorTtlMs: number;
  readonly #saveSnapshot: Statement;
  readonly #loadSnapshot: Statement;
  readonly #loadItems: Statement;
  readonly #saveCursor: Statement;
  readonly #loadCursor: Statement;

  constructor(server: Server, bounds: ChannelBounds, snapshotTtlMs: number, cursorTtlMs: number) {
    this.#server = server;
    this.#bounds = bounds;
    this.#snapshotTtlMs = snapshotTtlMs;
    this.#cursorTtlMs = cursorTtlMs;
    this.#saveSnapshot = server.prepare('select {schema}.save_snapshot($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)');
    this.#loadSnapshot = server.prepare(LOAD_SNAPSHOT);
    this.#loadItems = server.prepare(LOAD_ITEMS);
    this.#saveCursor = server.prepare('select {schema}.save_cursor($1, $2, $3, $4, $5, $6, $7)');
    this.#loadCursor = server.prepare(LOAD_CURSOR);
  }

  async saveSnapshot(channel: string, { at, data, time }: StoredSnapshot): Promise<void> {
    const { count, ageMs, bytes } = this.#bounds.of(channel);
    const [row] = await this.#server.run(
      this.#saveSnapshot,
      this.#server.now,
      channel,
      at.epoch,
      at.seq,
      time,
      Buffer.from(data, 'utf8'),
      this.#snapshotTtlMs,
      count,
      ageMs,
      bytes,
    );
    const floor = row?.[0];
    if (typeof floor !== 'number') return;
    const why = floor < 0 ? undefined : `is below the channel's floor ${floor}`;
    throw wrongPosition(`save a snapshot of channel "${channel}"`, at, why);
  }

  async loadSnapshot(channel: string): Promise<StoredSnapshot | undefined> {
    const [row] = await this.#server.run(this.#loadSnapshot, channel, this.#server.now, this.#snapshotTtlMs);
    if (!row) return undefined;
    const [epoch, seq, time, data] = row as unknown as [string, number, number, string];
    return { at: { epoch, seq }, data: fromHex(data), time };
  }

  async loadItems(channel: string): Promise<ChannelItems | undefined> {
    const rows = (await this.#server.run(this.#loadItems, channel)) as unknown as [
      string | null,
      number,
      string,
      string,
    ][];
    const items = new Map<string, string>();
    let at = { epoch: '', seq: 0 };
    for (const [epoch, seq, id, json] of rows) {
      if (id === null) at = { epoch: epoch ?? '', seq };
      else items.set(fromHex(id), fromHex(json));
    }
    return { at, items };
  }

  async saveCursor(key: string, { at, time }: StoredCursor): Promise<void> {
    const [row] = await this.#server.run(
      this.#saveCursor,
      this.#server.now,
      key,
      at.epoch,
      at.seq,
      time,
      this.#cursorTtlMs,
    );
    if (row?.[0] !== true) throw wrongPosition('save a cursor', at);
  }

  async loadCursor(key: string): Promise<StoredCursor | undefined> {
    const [row] = await this.#server.run(this.#loadCursor, key, this.#server.now, this.#cursorTtlMs);
    if (!row) return undefined;
    const [epoch, seq, time] = row as unknown as [string, number, number];
    return { at: { epoch, seq }, time };
  }
}

function fromHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('utf8');
}
