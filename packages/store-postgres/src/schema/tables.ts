/**
 * The tables. `{schema}` stands for the schema's quoted name.
 *
 * Keys, ids of items, JSON and snapshots are `bytea`: PostgreSQL's text cannot hold U+0000, nor letters that the database's
 * encoding lacks. Times are JavaScript's, milliseconds as `float8`, and bounds too: no bound is `Infinity`.
 *
 * Invariant: a channel's entries above its floor are in `entries`. Those at or below it are trimmed, whether they are still there or not:
 * the rows stay for a moment, for processes that follow the log and have not seen them yet, and then go in bulk.
 */
export const TABLES = `
create schema if not exists {schema};

create table {schema}.schema_version (version integer not null);

-- One row for each log. Whoever writes to a log holds its row until it commits.
create table {schema}.logs (
  id integer generated always as identity primary key,
  name text collate "C" not null unique,
  head bigint not null default 0,
  forgotten bigint not null default 0,
  -- The highest of all floors.
  trimmed bigint not null default 0,
  -- Heads of some seconds ago: up to "passed" every process has seen the log.
  passed bigint not null default 0,
  passing bigint not null default 0,
  marked float8 not null default 0
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create table {schema}.epochs (
  log integer not null,
  start bigint not null,
  n bigint not null,
  epoch text collate "C" not null,
  primary key (log, start, n)
);

create table {schema}.channels (
  log integer not null,
  name text collate "C" not null,
  -- The newest entry's seq, null where it is not known exactly.
  last bigint,
  floor bigint not null,
  -- Up to here rows are gone.
  purged bigint not null,
  count bigint not null default 0,
  bytes bigint not null default 0,
  oldest float8 not null default 0,
  touched float8 not null,
  max_count float8 not null,
  max_age float8 not null,
  max_bytes float8 not null,
  primary key (log, name)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 1000);

create table {schema}.entries (
  log integer not null,
  seq bigint not null,
  prev bigint,
  time float8 not null,
  channel text collate "C" not null,
  epoch text collate "C" not null,
  body bytea not null,
  primary key (log, seq)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

create index entries_of_channel on {schema}.entries (log, channel, seq);

create table {schema}.keys (
  log integer not null,
  channel text collate "C" not null,
  key bytea not null,
  epoch text collate "C" not null,
  seq bigint not null,
  time float8 not null,
  primary key (log, channel, key)
) with (autovacuum_vacuum_scale_factor = 0.1);

create index keys_by_time on {schema}.keys (log, time);

create table {schema}.items (
  log integer not null,
  channel text collate "C" not null,
  id bytea not null,
  json bytea not null,
  primary key (log, channel, id)
);

create table {schema}.snapshots (
  log integer not null,
  channel text collate "C" not null,
  epoch text collate "C" not null,
  seq bigint not null,
  time float8 not null,
  data bytea not null,
  primary key (log, channel)
);

create index snapshots_by_time on {schema}.snapshots (log, time);

create table {schema}.cursors (
  log integer not null,
  key text collate "C" not null,
  epoch text collate "C" not null,
  seq bigint not null,
  time float8 not null,
  primary key (log, key)
) with (autovacuum_vacuum_scale_factor = 0.1);

create index cursors_by_time on {schema}.cursors (log, time);

-- When each log was swept last. Nothing is lost with it, so it is not worth a write to the disk.
create unlogged table {schema}.sweeps (
  log text collate "C" primary key,
  time float8 not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What was published within transactions and is not in the log yet.
create table {schema}.outbox (
  id bigint generated always as identity primary key,
  log text collate "C" not null,
  channel text collate "C" not null,
  time float8 not null,
  body bytea not null,
  key bytea,
  item_id bytea,
  item_json bytea
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index outbox_of_log on {schema}.outbox (log, id);
`;
