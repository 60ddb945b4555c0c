begin;

create schema if not exists "headwater";

create table "headwater".schema_version (version integer not null);

-- One row for each log. Whoever writes to a log holds its row until it commits.
create table "headwater".logs (
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

create table "headwater".epochs (
  log integer not null,
  start bigint not null,
  n bigint not null,
  epoch text collate "C" not null,
  primary key (log, start, n)
);

create table "headwater".channels (
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

create table "headwater".entries (
  log integer not null,
  seq bigint not null,
  prev bigint,
  time float8 not null,
  channel text collate "C" not null,
  epoch text collate "C" not null,
  body bytea not null,
  primary key (log, seq)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

create index entries_of_channel on "headwater".entries (log, channel, seq);

create table "headwater".keys (
  log integer not null,
  channel text collate "C" not null,
  key bytea not null,
  epoch text collate "C" not null,
  seq bigint not null,
  time float8 not null,
  primary key (log, channel, key)
) with (autovacuum_vacuum_scale_factor = 0.1);

create index keys_by_time on "headwater".keys (log, time);

create table "headwater".items (
  log integer not null,
  channel text collate "C" not null,
  id bytea not null,
  json bytea not null,
  primary key (log, channel, id)
);

create table "headwater".snapshots (
  log integer not null,
  channel text collate "C" not null,
  epoch text collate "C" not null,
  seq bigint not null,
  time float8 not null,
  data bytea not null,
  primary key (log, channel)
);

create index snapshots_by_time on "headwater".snapshots (log, time);

create table "headwater".cursors (
  log integer not null,
  key text collate "C" not null,
  epoch text collate "C" not null,
  seq bigint not null,
  time float8 not null,
  primary key (log, key)
) with (autovacuum_vacuum_scale_factor = 0.1);

create index cursors_by_time on "headwater".cursors (log, time);

-- When each log was swept last. Nothing is lost with it, so it is not worth a write to the disk.
create unlogged table "headwater".sweeps (
  log text collate "C" primary key,
  time float8 not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What was published within transactions and is not in the log yet.
create table "headwater".outbox (
  id bigint generated always as identity primary key,
  log text collate "C" not null,
  channel text collate "C" not null,
  time float8 not null,
  body bytea not null,
  key bytea,
  item_id bytea,
  item_json bytea
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index outbox_of_log on "headwater".outbox (log, id);


create function "headwater".in_force(p_log integer, p_seq bigint) returns text
language sql stable as $$
  select epoch from "headwater".epochs where log = p_log and start <= p_seq order by start desc, n desc limit 1
$$;

-- Which server this is, from its start to its end: after a failover, or with a restored copy, it is another.
create function "headwater".server() returns text
language sql stable as $$
  select extract(epoch from pg_postmaster_start_time())::text
$$;

create function "headwater".now_ms(p_now float8) returns float8
language sql volatile as $$
  select coalesce(p_now, floor(extract(epoch from clock_timestamp()) * 1000)::float8)
$$;

-- An acknowledgement is a promise: this transaction's commit waits for the disk, whatever others do.
create function "headwater".be_durable() returns void
language plpgsql as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
end
$$;

-- The log's row must be locked.
create function "headwater".begin_epoch(p_log integer, p_epoch text) returns void
language plpgsql as $$
declare
  v_newest bigint;
begin
  select max(n) into v_newest from "headwater".epochs where log = p_log;
  insert into "headwater".epochs (log, start, n, epoch)
  select p_log, case when v_newest is null then 0 else head + 1 end, coalesce(v_newest, 0) + 1, p_epoch
  from "headwater".logs where id = p_log;
  if (select count(*) from "headwater".epochs where log = p_log) > 1000 then
    -- An epoch whose successor began at the same place was never in force anywhere, so no id carries it.
    delete from "headwater".epochs e where log = p_log and exists (
      select from "headwater".epochs later where later.log = p_log and later.start = e.start and later.n > e.n);
    delete from "headwater".epochs where log = p_log and n not in (
      select n from "headwater".epochs where log = p_log order by n desc limit 1000);
  end if;
end
$$;

create function "headwater".state(p_name text, out head bigint, out epochs json)
language sql stable as $$
  select l.head, (select json_agg(json_build_array(epoch, start) order by start, n) from "headwater".epochs where log = l.id)
  from "headwater".logs l where l.name = p_name
$$;

create function "headwater".start_epoch(p_name text, p_epoch text, out server text, out head bigint, out epochs json)
language plpgsql as $$
declare
  v_log integer;
begin
  perform "headwater".be_durable();
  select id into v_log from "headwater".logs where name = p_name for no key update;
  if not found then
    insert into "headwater".logs (name) values (p_name) on conflict do nothing;
    select id into v_log from "headwater".logs where name = p_name for no key update;
  end if;
  perform "headwater".begin_epoch(v_log, p_epoch);
  server := "headwater".server();
  select s.head, s.epochs into head, epochs from "headwater".state(p_name) s;
end
$$;

-- Raises the floor over what is beyond the channel's bounds, oldest first, at most 5000 entries at once. The log's row must be
-- locked. Returns the floor.
create function "headwater".trim_channel(p_log integer, p_channel text, p_now float8) returns bigint
language plpgsql as $$
declare
  c "headwater".channels;
  e record;
begin
  select * into c from "headwater".channels where log = p_log and name = p_channel;
  for e in
    select seq, time, octet_length(body) as size from "headwater".entries
    where log = p_log and channel = p_channel and seq > c.floor order by seq limit 5000
  loop
    c.oldest := e.time;
    exit when c.count <= c.max_count and c.bytes <= c.max_bytes and p_now - e.time <= c.max_age;
    c.floor := e.seq;
    c.count := c.count - 1;
    c.bytes := c.bytes - e.size;
  end loop;
  update "headwater".channels set floor = c.floor, count = c.count, bytes = c.bytes, oldest = c.oldest
  where log = p_log and name = p_channel;
  return c.floor;
end
$$;

-- Many calls in one transaction. p_at_epochs and p_at_seqs are the positions that they carry, of which each entry names one by its
-- index. A call whose position is not part of the log writes nothing; the others do not care. On another server than the
-- caller's last one (p_server) an epoch begins first: the caller has connected anew, and not noticed.
create function "headwater".append(
  p_name text, p_now float8, p_server text, p_fresh text, p_ttl float8,
  p_at_epochs text[], p_at_seqs bigint[],
  p_channels text[], p_max_counts float8[], p_max_ages float8[], p_max_bytes float8[],
  p_ats integer[], p_channel_of integer[], p_times float8[], p_starts integer[], p_lengths integer[], p_bodies bytea,
  p_keys bytea[], p_item_ids bytea[], p_item_jsons bytea[],
  out server text, out head bigint, out epoch text, out accepted json, out seqs json, out known json)
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  l "headwater".logs;
  v_now float8 := "headwater".now_ms(p_now);
  v_accepted boolean[];
  v_name text;
begin
  perform "headwater".be_durable();
  server := "headwater".server();
  select * into l from "headwater".logs where name = p_name for no key update;
  head := coalesce(l.head, 0);
  select array_agg(a.seq <= head and "headwater".in_force(l.id, a.seq) is not distinct from a.epoch order by n)
  into v_accepted from unnest(p_at_epochs, p_at_seqs) with ordinality a(epoch, seq, n);
  if l.id is null then
    v_accepted := array_fill(false, array[cardinality(p_at_seqs)]);
  end if;
  accepted := to_json(v_accepted);
  if not true = any(v_accepted) or cardinality(p_ats) = 0 then
    return;
  end if;
  if p_server <> server then
    perform "headwater".begin_epoch(l.id, p_fresh);
  end if;
  epoch := "headwater".in_force(l.id, head + 1);

  with given as (
    select g.n, p_channels[g.c] as channel, g.c, g.time, g.start, g.length, g.key, g.item_id, g.item_json
    from unnest(p_ats, p_channel_of, p_times, p_starts, p_lengths, p_keys, p_item_ids, p_item_jsons)
      with ordinality g(at, c, time, start, length, key, item_id, item_json, n)
    where v_accepted[g.at]
  ), keyed as (
    select g.*, k.seq as known_seq, k.epoch as known_epoch,
      g.key is not null and row_number() over (partition by g.channel, g.key order by g.n) > 1 as is_repeated
    from given g left join lateral (
      select o.seq, o.epoch from "headwater".keys o
      where o.log = l.id and o.channel = g.channel and o.key = g.key and v_now - o.time < p_ttl limit 1
    ) k on true
  ), placed as materialized (
    select k.*, k.known_seq is null and not k.is_repeated as is_new,
      head + count(*) filter (where k.known_seq is null and not k.is_repeated) over (order by k.n) as seq
    from keyed k
  ), fresh as materialized (
    select p.*,
      coalesce(lag(p.seq) over (partition by p.channel order by p.seq),
        case when c.name is not null then c.last when l.forgotten = 0 then 0 end) as prev
    from placed p left join lateral (
      select o.name, o.last from "headwater".channels o where o.log = l.id and o.name = p.channel limit 1
    ) c on true
    where p.is_new
  ), written as (
    insert into "headwater".entries (log, seq, prev, time, channel, epoch, body)
    select l.id, seq, prev, time, channel, append.epoch, substring(p_bodies from start + 1 for length) from fresh order by seq
  ), counted as (
    insert into "headwater".channels as c
      (log, name, last, floor, purged, count, bytes, oldest, touched, max_count, max_age, max_bytes)
    select l.id, channel, max(seq), l.forgotten, l.forgotten, count(*), sum(length), (array_agg(time order by seq))[1], v_now,
      p_max_counts[min(f.c)], p_max_ages[min(f.c)], p_max_bytes[min(f.c)]
    from fresh f group by channel
    on conflict (log, name) do update set
      last = excluded.last, count = c.count + excluded.count, bytes = c.bytes + excluded.bytes,
      oldest = case when c.count = 0 then excluded.oldest else c.oldest end, touched = excluded.touched,
      max_count = excluded.max_count, max_age = excluded.max_age, max_bytes = excluded.max_bytes
  ), noted as (
    insert into "headwater".keys as k (log, channel, key, epoch, seq, time)
    select l.id, channel, key, append.epoch, seq, v_now from fresh where key is not null
    on conflict (log, channel, key) do update set epoch = excluded.epoch, seq = excluded.seq, time = excluded.time
  ), changes as materialized (
    select distinct on (channel, item_id) channel, item_id, item_json
    from fresh where item_id is not null order by channel, item_id, n desc
  ), put as (
    insert into "headwater".items as i (log, channel, id, json)
    select l.id, channel, item_id, item_json from changes where item_json is not null
    on conflict (log, channel, id) do update set json = excluded.json
  ), removed as (
    delete from "headwater".items where ctid = any(array(
      select (select ctid from "headwater".items i where i.log = l.id and i.channel = c.channel and i.id = c.item_id)
      from changes c where item_json is null))
  ), answers as (
    select n, is_new, known_epoch,
      -- What repeats a key of this very group is where the first one with it is.
      coalesce(known_seq, first_value(seq) over (partition by channel, key, case when key is null then n end order by n)) as seq
    from placed
  )
  select head + count(*) filter (where is_new), json_agg(seq order by n),
    case when bool_or(not is_new)
      then json_agg(case when is_new then null else coalesce(known_epoch, append.epoch) end order by n) end
  into head, seqs, known from answers;

  -- Long channels go a little beyond their bounds, so that trimming them is not for every append to do.
  for v_name in
    select name from "headwater".channels where log = l.id and name = any(p_channels) and count > 0 and (
      count > max_count + case when count >= 1000 then 100 else 0 end
      or bytes > max_bytes * case when count >= 1000 then 1.01 else 1 end
      or v_now - oldest > max_age + case when count >= 1000 then 2000 else 0 end)
  loop
    l.trimmed := greatest(l.trimmed, "headwater".trim_channel(l.id, v_name, v_now));
  end loop;
  if head > l.head then
    update "headwater".logs set head = append.head, trimmed = l.trimmed where id = l.id;
    perform pg_notify('headwater', 'e:' || p_name);
  end if;
end
$$;


-- What is given is checked and encoded already. Whoever calls it needs the right to insert into the outbox.
create function "headwater".sse_enqueue(
  p_log text, p_channel text, p_body bytea, p_time float8, p_key bytea, p_item_id bytea, p_item_json bytea) returns void
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  -- PostgreSQL commits transactions that notify one after another, so it is asked for only where nobody is at it anyway.
  v_is_idle boolean := not exists (select from "headwater".outbox where log = p_log);
begin
  insert into "headwater".outbox (log, channel, time, body, key, item_id, item_json)
  values (p_log, p_channel, "headwater".now_ms(p_time), p_body, p_key, p_item_id, p_item_json);
  if v_is_idle then
    perform pg_notify('headwater', 'o:' || p_log);
  end if;
end
$$;

-- Publishes data as it is. Call it in any transaction: the event is out once that has committed, and never if it has not.
-- It acts with its owner's rights: whoever may use the schema may publish.
create function "headwater".sse_publish(
  log text, channel text, data text, event text default null, key text default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_body bytea;
begin
  if log is null or log !~ '^[A-Za-z0-9_.-]{1,64}$' then
    raise exception 'log must be the name of a store: 1 to 64 characters of [A-Za-z0-9_.-]' using errcode = '22023';
  end if;
  if channel is null or channel collate "C" !~ '^[!-+.-~-]{1,200}$' then
    raise exception 'channel must be 1 to 200 characters of printable ASCII without spaces or commas' using errcode = '22023';
  end if;
  if data is null then
    raise exception 'data must not be null: clients ignore events without data. Write an empty string' using errcode = '22023';
  end if;
  if event ~ E'[\r\n]' then
    raise exception 'event must not contain a line break' using errcode = '22023';
  end if;
  if starts_with(event, 'sse.') then
    raise exception 'event must not start with "sse.": such names belong to the protocol' using errcode = '22023';
  end if;
  if length(key) not between 1 and 200 then
    raise exception 'key must be 1 to 200 characters' using errcode = '22023';
  end if;
  v_body := convert_to(
    coalesce('event: ' || event || E'\n', '') || 'data: ' || regexp_replace(data, E'\r\n|\r|\n', E'\ndata: ', 'g') || E'\n',
    'UTF8');
  if octet_length(v_body) > 1048576 then
    raise exception 'the event has % bytes, and 1048576 is the most', octet_length(v_body) using errcode = '22023';
  end if;
  perform "headwater".sse_enqueue(log, channel, v_body, null, convert_to(key, 'UTF8'), null, null);
end
$$;

-- Publishes data as JSON.
create function "headwater".sse_publish(
  log text, channel text, data jsonb, event text default null, key text default null) returns void
language sql as $$
  select "headwater".sse_publish(log, channel, data::text, event, key)
$$;

-- Moves rows of the outbox into the log, in the order of their ids. Returns how many were moved, null where another process is
-- at it, -1 where the caller's position is not part of the log.
create function "headwater".move(
  p_name text, p_now float8, p_server text, p_fresh text, p_ttl float8, p_at_epoch text, p_at_seq bigint,
  p_ids bigint[], p_channels text[], p_max_counts float8[], p_max_ages float8[], p_max_bytes float8[],
  out moved integer, out server text, out head bigint, out epoch text)
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_ats integer[];
  v_channel_of integer[];
  v_times float8[];
  v_starts integer[];
  v_lengths integer[];
  v_bodies bytea;
  v_keys bytea[];
  v_item_ids bytea[];
  v_item_jsons bytea[];
  v_accepted json;
begin
  if not pg_try_advisory_xact_lock(hashtext('headwater' || '.outbox'), hashtext(p_name)) then
    return;
  end if;
  with gone as (
    delete from "headwater".outbox where id = any(p_ids) and log = p_name returning *
  ), placed as (
    select *, sum(octet_length(body)) over (order by id) - octet_length(body) as start from gone
  )
  select array_agg(1 order by id), array_agg(array_position(p_channels, channel) order by id), array_agg(time order by id),
    array_agg(start::integer order by id), array_agg(octet_length(body) order by id), string_agg(body, ''::bytea order by id),
    array_agg(key order by id), array_agg(item_id order by id), array_agg(item_json order by id)
  into v_ats, v_channel_of, v_times, v_starts, v_lengths, v_bodies, v_keys, v_item_ids, v_item_jsons from placed;
  moved := coalesce(cardinality(v_ats), 0);
  if moved = 0 then
    return;
  end if;
  select a.server, a.head, a.epoch, a.accepted into server, head, epoch, v_accepted
  from "headwater".append(p_name, p_now, p_server, p_fresh, p_ttl, array[p_at_epoch], array[p_at_seq],
    p_channels, p_max_counts, p_max_ages, p_max_bytes,
    v_ats, v_channel_of, v_times, v_starts, v_lengths, v_bodies, v_keys, v_item_ids, v_item_jsons) a;
  if not (v_accepted->>0)::boolean then
    raise exception 'the position of the sequencer is not part of the log' using errcode = 'HW001';
  end if;
end
$$;


-- Returns -1 for a place that is not part of the log, the channel's floor where that is above it, else null.
create function "headwater".save_snapshot(
  p_name text, p_now float8, p_channel text, p_epoch text, p_seq bigint, p_time float8, p_data bytea, p_ttl float8,
  p_max_count float8, p_max_age float8, p_max_bytes float8) returns bigint
language plpgsql as $$
declare
  l "headwater".logs;
  s "headwater".snapshots;
  v_floor bigint;
  v_now float8 := "headwater".now_ms(p_now);
begin
  perform "headwater".be_durable();
  select * into l from "headwater".logs where name = p_name for no key update;
  select floor into v_floor from "headwater".channels where log = l.id and name = p_channel;
  if p_seq < coalesce(v_floor, l.forgotten) then
    return coalesce(v_floor, l.forgotten);
  end if;
  if l.id is null or p_seq > l.head or "headwater".in_force(l.id, p_seq) is distinct from p_epoch then
    return -1;
  end if;
  select * into s from "headwater".snapshots where log = l.id and channel = p_channel;
  if s.seq > p_seq and v_now - s.time < p_ttl and s.seq >= coalesce(v_floor, l.forgotten)
    and s.seq <= l.head and "headwater".in_force(l.id, s.seq) = s.epoch then
    return null;
  end if;
  if v_floor is null then
    -- Known from now on: the floor of the channels that are not rises with every other one that is forgotten.
    insert into "headwater".channels (log, name, last, floor, purged, touched, max_count, max_age, max_bytes)
    values (l.id, p_channel, case when l.forgotten = 0 then 0 end, l.forgotten, l.forgotten, v_now,
      p_max_count, p_max_age, p_max_bytes);
  end if;
  insert into "headwater".snapshots (log, channel, epoch, seq, time, data)
  values (l.id, p_channel, p_epoch, p_seq, p_time, p_data)
  on conflict (log, channel) do update set
    epoch = excluded.epoch, seq = excluded.seq, time = excluded.time, data = excluded.data;
  return null;
end
$$;

-- Returns false for a place that is not part of the log.
create function "headwater".save_cursor(
  p_name text, p_now float8, p_key text, p_epoch text, p_seq bigint, p_time float8, p_ttl float8) returns boolean
language plpgsql as $$
declare
  l "headwater".logs;
  v_now float8 := "headwater".now_ms(p_now);
begin
  select * into l from "headwater".logs where name = p_name;
  if l.id is null or p_seq > l.head or "headwater".in_force(l.id, p_seq) is distinct from p_epoch then
    return false;
  end if;
  insert into "headwater".cursors as c (log, key, epoch, seq, time) values (l.id, p_key, p_epoch, p_seq, p_time)
  on conflict (log, key) do update set
    (epoch, seq, time) = (
      select case when stays then c.epoch else excluded.epoch end, case when stays then c.seq else excluded.seq end,
        case when is_good then greatest(c.time, excluded.time) else excluded.time end
      from (select v_now - c.time < p_ttl as is_good,
        v_now - c.time < p_ttl and c.seq > excluded.seq and "headwater".in_force(c.log, c.seq) = c.epoch
          -- What another process has proven meanwhile may be above the head that was read here.
          and c.seq <= (select head from "headwater".logs where id = c.log) as stays) judged);
  return true;
end
$$;


-- True for one of all the processes that ask within p_every milliseconds. No process is in charge, so none can be missing.
create function "headwater".may_sweep(p_name text, p_every float8) returns boolean
language plpgsql as $$
declare
  v_now float8 := "headwater".now_ms(null);
begin
  if exists (select from "headwater".sweeps where log = p_name and time > v_now - p_every) then
    return false;
  end if;
  insert into "headwater".sweeps as s (log, time) values (p_name, v_now)
  on conflict (log) do update set time = excluded.time where s.time <= excluded.time - p_every;
  return found;
end
$$;

-- One step through the channels after p_after. Returns where to go on, null at the end.
create function "headwater".sweep(
  p_name text, p_now float8, p_after text, p_most integer, p_forget_after float8, p_snapshot_ttl float8) returns text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  l "headwater".logs;
  c "headwater".channels;
  v_now float8 := "headwater".now_ms(p_now);
  v_names text[];
  v_due text[];
  v_upto bigint;
  v_row bigint;
  v_gone bigint;
  v_last bigint;
  -- Rows that may still be deleted in this step.
  v_left integer := 2000;
  v_previous text := p_after;
begin
  select * into l from "headwater".logs where name = p_name;
  if not found then
    return null;
  end if;
  v_upto := least(l.passed, l.head - 1000);
  select array_agg(o.name order by o.name), array_agg(o.name order by o.name) filter (where
    o.count > o.max_count or o.bytes > o.max_bytes or (o.count > 0 and v_now - o.oldest > o.max_age)
    or o.purged < least(o.floor, v_upto)
    or (o.count = 0 and v_now - o.touched >= p_forget_after and o.floor <= v_upto))
  into v_names, v_due
  from (select * from "headwater".channels where log = l.id and name > p_after order by name limit p_most) o;
  if v_due is null and not (p_after = '' and v_now - l.marked >= 5000 and (l.passed < l.passing or l.passing < l.head)) then
    return case when cardinality(v_names) = p_most then v_names[p_most] end;
  end if;

  select * into l from "headwater".logs where id = l.id for no key update;
  if p_after = '' and v_now - l.marked >= 5000 then
    l.passed := l.passing;
    l.passing := l.head;
    l.marked := v_now;
  end if;
  v_upto := least(l.passed, l.head - 1000);
  foreach v_row in array array(select generate_series(1, coalesce(cardinality(v_due), 0))) loop
    if v_left <= 0 then
      update "headwater".logs set trimmed = l.trimmed, forgotten = l.forgotten, passed = l.passed, passing = l.passing,
        marked = l.marked where id = l.id;
      return v_previous;
    end if;
    l.trimmed := greatest(l.trimmed, "headwater".trim_channel(l.id, v_due[v_row], v_now));
    select * into c from "headwater".channels where log = l.id and name = v_due[v_row];
    if c.purged < least(c.floor, v_upto) then
      select max(seq), count(*) into v_last, v_gone from (
        select seq from "headwater".entries
        where log = l.id and channel = c.name and seq > c.purged and seq <= least(c.floor, v_upto)
        order by seq limit v_left) first;
      delete from "headwater".entries where log = l.id and channel = c.name and seq > c.purged and seq <= v_last;
      c.purged := case when v_gone < v_left then least(c.floor, v_upto) else v_last end;
      v_left := v_left - v_gone;
      update "headwater".channels set purged = c.purged where log = l.id and name = c.name;
    end if;
    -- The floor of a forgotten channel rises with every other one that is forgotten, and would soon be above its snapshot.
    if c.count = 0 and c.purged >= c.floor and v_now - c.touched >= p_forget_after
      and not exists (select from "headwater".items where log = l.id and channel = c.name)
      and not exists (select from "headwater".snapshots
        where log = l.id and channel = c.name and v_now - time < p_snapshot_ttl)
    then
      l.forgotten := greatest(l.forgotten, c.floor);
      delete from "headwater".channels where log = l.id and name = c.name;
    end if;
    v_previous := v_due[v_row];
  end loop;
  update "headwater".logs set trimmed = l.trimmed, forgotten = l.forgotten, passed = l.passed, passing = l.passing,
    marked = l.marked where id = l.id;
  return case when cardinality(v_names) = p_most then v_names[p_most] end;
end
$$;

-- Deletes keys, snapshots and cursors that are too old, at most 1000 of each. Returns true where there may be more.
create function "headwater".expire(
  p_name text, p_now float8, p_key_ttl float8, p_snapshot_ttl float8, p_cursor_ttl float8) returns boolean
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_log integer;
  v_now float8 := "headwater".now_ms(p_now);
  v_count bigint;
  v_more boolean;
begin
  select id into v_log from "headwater".logs where name = p_name;
  delete from "headwater".keys where ctid = any(array(
    select ctid from "headwater".keys where log = v_log and time <= v_now - p_key_ttl order by time limit 1000
    for update skip locked));
  get diagnostics v_count = row_count;
  v_more := v_count = 1000;
  delete from "headwater".snapshots where ctid = any(array(
    select ctid from "headwater".snapshots where log = v_log and time <= v_now - p_snapshot_ttl order by time limit 1000
    for update skip locked));
  get diagnostics v_count = row_count;
  v_more := v_more or v_count = 1000;
  delete from "headwater".cursors where ctid = any(array(
    select ctid from "headwater".cursors where log = v_log and time <= v_now - p_cursor_ttl order by time limit 1000
    for update skip locked));
  get diagnostics v_count = row_count;
  return v_more or v_count = 1000;
end
$$;

insert into "headwater".schema_version values (1);

commit;
