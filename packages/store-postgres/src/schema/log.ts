/**
 * The functions that write to a log: epochs, appends, trimming.
 *
 * Invariant: seqs are given, and become visible, in one order without gaps. They come from the log's row, which is locked until the
 * commit that shows both the new head and the entries: nobody can see an entry whose predecessor is not there yet.
 * Plans are made when the tables are empty and kept while they grow, so nothing is left to an estimate: every table is gone into by
 * index (BY_INDEX), row by row where a few of many are looked for (lateral, limit 1).
 * A function is one statement of its caller, and so one transaction and one round trip. Its first statement waits for the lock, the
 * others see all that was committed before it (READ COMMITTED, which the store sees to).
 */
export const LOG = `
create function {schema}.in_force(p_log integer, p_seq bigint) returns text
language sql stable as $$
  select epoch from {schema}.epochs where log = p_log and start <= p_seq order by start desc, n desc limit 1
$$;

-- Which server this is, from its start to its end: after a failover, or with a restored copy, it is another.
create function {schema}.server() returns text
language sql stable as $$
  select extract(epoch from pg_postmaster_start_time())::text
$$;

create function {schema}.now_ms(p_now float8) returns float8
language sql volatile as $$
  select coalesce(p_now, floor(extract(epoch from clock_timestamp()) * 1000)::float8)
$$;

-- An acknowledgement is a promise: this transaction's commit waits for the disk, whatever others do.
create function {schema}.be_durable() returns void
language plpgsql as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
end
$$;

-- The log's row must be locked.
create function {schema}.begin_epoch(p_log integer, p_epoch text) returns void
language plpgsql as $$
declare
  v_newest bigint;
begin
  select max(n) into v_newest from {schema}.epochs where log = p_log;
  insert into {schema}.epochs (log, start, n, epoch)
  select p_log, case when v_newest is null then 0 else head + 1 end, coalesce(v_newest, 0) + 1, p_epoch
  from {schema}.logs where id = p_log;
  if (select count(*) from {schema}.epochs where log = p_log) > 1000 then
    -- An epoch whose successor began at the same place was never in force anywhere, so no id carries it.
    delete from {schema}.epochs e where log = p_log and exists (
      select from {schema}.epochs later where later.log = p_log and later.start = e.start and later.n > e.n);
    delete from {schema}.epochs where log = p_log and n not in (
      select n from {schema}.epochs where log = p_log order by n desc limit 1000);
  end if;
end
$$;

create function {schema}.state(p_name text, out head bigint, out epochs json)
language sql stable as $$
  select l.head, (select json_agg(json_build_array(epoch, start) order by start, n) from {schema}.epochs where log = l.id)
  from {schema}.logs l where l.name = p_name
$$;

create function {schema}.start_epoch(p_name text, p_epoch text, out server text, out head bigint, out epochs json)
language plpgsql as $$
declare
  v_log integer;
begin
  perform {schema}.be_durable();
  select id into v_log from {schema}.logs where name = p_name for no key update;
  if not found then
    insert into {schema}.logs (name) values (p_name) on conflict do nothing;
    select id into v_log from {schema}.logs where name = p_name for no key update;
  end if;
  perform {schema}.begin_epoch(v_log, p_epoch);
  server := {schema}.server();
  select s.head, s.epochs into head, epochs from {schema}.state(p_name) s;
end
$$;

-- Raises the floor over what is beyond the channel's bounds, oldest first, at most 5000 entries at once. The log's row must be
-- locked. Returns the floor.
create function {schema}.trim_channel(p_log integer, p_channel text, p_now float8) returns bigint
language plpgsql as $$
declare
  c {schema}.channels;
  e record;
begin
  select * into c from {schema}.channels where log = p_log and name = p_channel;
  for e in
    select seq, time, octet_length(body) as size from {schema}.entries
    where log = p_log and channel = p_channel and seq > c.floor order by seq limit 5000
  loop
    c.oldest := e.time;
    exit when c.count <= c.max_count and c.bytes <= c.max_bytes and p_now - e.time <= c.max_age;
    c.floor := e.seq;
    c.count := c.count - 1;
    c.bytes := c.bytes - e.size;
  end loop;
  update {schema}.channels set floor = c.floor, count = c.count, bytes = c.bytes, oldest = c.oldest
  where log = p_log and name = p_channel;
  return c.floor;
end
$$;

-- Many calls in one transaction. p_at_epochs and p_at_seqs are the positions that they carry, of which each entry names one by its
-- index. A call whose position is not part of the log writes nothing; the others do not care. On another server than the
-- caller's last one (p_server) an epoch begins first: the caller has connected anew, and not noticed.
create function {schema}.append(
  p_name text, p_now float8, p_server text, p_fresh text, p_ttl float8,
  p_at_epochs text[], p_at_seqs bigint[],
  p_channels text[], p_max_counts float8[], p_max_ages float8[], p_max_bytes float8[],
  p_ats integer[], p_channel_of integer[], p_times float8[], p_starts integer[], p_lengths integer[], p_bodies bytea,
  p_keys bytea[], p_item_ids bytea[], p_item_jsons bytea[],
  out server text, out head bigint, out epoch text, out accepted json, out seqs json, out known json)
language plpgsql {by_index} as $$
declare
  l {schema}.logs;
  v_now float8 := {schema}.now_ms(p_now);
  v_accepted boolean[];
  v_name text;
begin
  perform {schema}.be_durable();
  server := {schema}.server();
  select * into l from {schema}.logs where name = p_name for no key update;
  head := coalesce(l.head, 0);
  select array_agg(a.seq <= head and {schema}.in_force(l.id, a.seq) is not distinct from a.epoch order by n)
  into v_accepted from unnest(p_at_epochs, p_at_seqs) with ordinality a(epoch, seq, n);
  if l.id is null then
    v_accepted := array_fill(false, array[cardinality(p_at_seqs)]);
  end if;
  accepted := to_json(v_accepted);
  if not true = any(v_accepted) or cardinality(p_ats) = 0 then
    return;
  end if;
  if p_server <> server then
    perform {schema}.begin_epoch(l.id, p_fresh);
  end if;
  epoch := {schema}.in_force(l.id, head + 1);

  with given as (
    select g.n, p_channels[g.c] as channel, g.c, g.time, g.start, g.length, g.key, g.item_id, g.item_json
    from unnest(p_ats, p_channel_of, p_times, p_starts, p_lengths, p_keys, p_item_ids, p_item_jsons)
      with ordinality g(at, c, time, start, length, key, item_id, item_json, n)
    where v_accepted[g.at]
  ), keyed as (
    select g.*, k.seq as known_seq, k.epoch as known_epoch,
      g.key is not null and row_number() over (partition by g.channel, g.key order by g.n) > 1 as is_repeated
    from given g left join lateral (
      select o.seq, o.epoch from {schema}.keys o
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
      select o.name, o.last from {schema}.channels o where o.log = l.id and o.name = p.channel limit 1
    ) c on true
    where p.is_new
  ), written as (
    insert into {schema}.entries (log, seq, prev, time, channel, epoch, body)
    select l.id, seq, prev, time, channel, append.epoch, substring(p_bodies from start + 1 for length) from fresh order by seq
  ), counted as (
    insert into {schema}.channels as c
      (log, name, last, floor, purged, count, bytes, oldest, touched, max_count, max_age, max_bytes)
    select l.id, channel, max(seq), l.forgotten, l.forgotten, count(*), sum(length), (array_agg(time order by seq))[1], v_now,
      p_max_counts[min(f.c)], p_max_ages[min(f.c)], p_max_bytes[min(f.c)]
    from fresh f group by channel
    on conflict (log, name) do update set
      last = excluded.last, count = c.count + excluded.count, bytes = c.bytes + excluded.bytes,
      oldest = case when c.count = 0 then excluded.oldest else c.oldest end, touched = excluded.touched,
      max_count = excluded.max_count, max_age = excluded.max_age, max_bytes = excluded.max_bytes
  ), noted as (
    insert into {schema}.keys as k (log, channel, key, epoch, seq, time)
    select l.id, channel, key, append.epoch, seq, v_now from fresh where key is not null
    on conflict (log, channel, key) do update set epoch = excluded.epoch, seq = excluded.seq, time = excluded.time
  ), changes as materialized (
    select distinct on (channel, item_id) channel, item_id, item_json
    from fresh where item_id is not null order by channel, item_id, n desc
  ), put as (
    insert into {schema}.items as i (log, channel, id, json)
    select l.id, channel, item_id, item_json from changes where item_json is not null
    on conflict (log, channel, id) do update set json = excluded.json
  ), removed as (
    delete from {schema}.items where ctid = any(array(
      select (select ctid from {schema}.items i where i.log = l.id and i.channel = c.channel and i.id = c.item_id)
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
    select name from {schema}.channels where log = l.id and name = any(p_channels) and count > 0 and (
      count > max_count + case when count >= 1000 then 100 else 0 end
      or bytes > max_bytes * case when count >= 1000 then 1.01 else 1 end
      or v_now - oldest > max_age + case when count >= 1000 then 2000 else 0 end)
  loop
    l.trimmed := greatest(l.trimmed, {schema}.trim_channel(l.id, v_name, v_now));
  end loop;
  if head > l.head then
    update {schema}.logs set head = append.head, trimmed = l.trimmed where id = l.id;
    perform pg_notify({notify}, 'e:' || p_name);
  end if;
end
$$;
`;
