/**
 * History: pages of the log, by index and never by a scan: of some channels from their own entries, of all from the log's.
 * Invariant: a page is one statement, and so one snapshot: what it lacks was trimmed, and its floors say so.
 */
import type { Page } from '@headwater/core';
import { ENTRY_COLUMNS, ENTRY_ORDER, toEntry } from './decode.js';
import type { Server } from './server.js';
import type { Statement } from './statement.js';

/** No bound, as a number of SQL. */
const MOST = Number.MAX_SAFE_INTEGER - 1;

/** $1 log, $2 after, $3 limit, $4 maxBytes. One more than asked for: only what the limit leaves out tells whether it cut the page. */
const PAGE = `
sized as materialized (
  select e.*, row_number() over w as n, sum(octet_length(e.body)) over w - octet_length(e.body) as before
  from found join {schema}.entries e on e.log = (select id from l) and e.seq = found.seq
  window w as (order by e.seq)
), page as (
  select * from sized where n <= $3 and (n = 1 or before < $4)
)
select 'h', case when (select count(*) from sized) > (select count(*) from page)
    then coalesce((select max(seq) from page), $2) else head end, forgotten, null::float8, null, null, null
from l
union all
select 'f', floor, null, null, name, null, null from floors
union all
select ${ENTRY_COLUMNS} from page
${ENTRY_ORDER}`;

/** $5 the channels. */
const SOME = `
with l as materialized (
  select id, head, forgotten from {schema}.logs where name = $1
), floors as materialized (
  select c.name, c.floor, c.last from l join {schema}.channels c on c.log = l.id and c.name = any($5)
), found as materialized (
  select e.seq from l, floors c cross join lateral (
    select seq from {schema}.entries
    where log = l.id and channel = c.name and seq > greatest($2::bigint, c.floor) order by seq limit $3::bigint + 1
  ) e
  where c.last > $2 order by e.seq limit $3::bigint + 1
), ${PAGE}`;

const ALL = `
with l as materialized (
  select id, head, forgotten, trimmed from {schema}.logs where name = $1
), floors as (
  select c.name, c.floor from l join {schema}.channels c on c.log = l.id where l.trimmed > $2 and c.floor > $2
), found as materialized (
  select e.seq from {schema}.entries e
  where e.log = (select id from l) and e.seq > $2::bigint
    and e.seq > (select c.floor from {schema}.channels c where c.log = e.log and c.name = e.channel)
  order by e.seq limit $3::bigint + 1
), ${PAGE}`;

export class History {
  readonly #server: Server;
  readonly #some: Statement;
  readonly #all: Statement;

  constructor(server: Server) {
    this.#server = server;
    this.#some = server.plan(SOME);
    this.#all = server.plan(ALL);
  }

  /** See `Store.read`. */
  async read(after: number, channels: readonly string[] | undefined, limit: number, maxBytes: number): Promise<Page> {
    const bounds = [after, Math.min(limit, MOST), Math.min(maxBytes, MOST)];
    const rows = await (channels
      ? this.#server.run(this.#some, ...bounds, channels)
      : this.#server.run(this.#all, ...bounds));
    const [header] = rows;
    const forgotten = (header?.[2] as number | undefined) ?? 0;
    const floors = new Map(channels?.map((channel) => [channel, forgotten]));
    const entries = [];
    for (const row of rows) {
      if (row[0] === 'f') floors.set(row[4] as string, row[1] as number);
      else if (row[0] === 'e') entries.push(toEntry(row));
    }
    return { entries, upTo: (header?.[1] as number | undefined) ?? 0, floors, forgotten };
  }
}
