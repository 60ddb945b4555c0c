/**
 * The functions of the outbox: publishing within a transaction of the caller's own, and moving what was committed into the log.
 * Invariant: a row of the outbox becomes one entry or none (its key is known), however many processes move at once: it is deleted in
 * the transaction that appends it.
 */
export const OUTBOX = `
-- What is given is checked and encoded already. Whoever calls it needs the right to insert into the outbox.
create function {schema}.sse_enqueue(
  p_log text, p_channel text, p_body bytea, p_time float8, p_key bytea, p_item_id bytea, p_item_json bytea) returns void
language plpgsql {by_index} as $$
declare
  -- PostgreSQL commits transactions that notify one after another, so it is asked for only where nobody is at it anyway.
  v_is_idle boolean := not exists (select from {schema}.outbox where log = p_log);
begin
  insert into {schema}.outbox (log, channel, time, body, key, item_id, item_json)
  values (p_log, p_channel, {schema}.now_ms(p_time), p_body, p_key, p_item_id, p_item_json);
  if v_is_idle then
    perform pg_notify({notify}, 'o:' || p_log);
  end if;
end
$$;

-- Publishes data as it is. Call it in any transaction: the event is out once that has committed, and never if it has not.
-- It acts with its owner's rights: whoever may use the schema may publish.
create function {schema}.sse_publish(
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
  if event ~ E'[\\r\\n]' then
    raise exception 'event must not contain a line break' using errcode = '22023';
  end if;
  if starts_with(event, 'sse.') then
    raise exception 'event must not start with "sse.": such names belong to the protocol' using errcode = '22023';
  end if;
  if length(key) not between 1 and 200 then
    raise exception 'key must be 1 to 200 characters' using errcode = '22023';
  end if;
  v_body := convert_to(
    coalesce('event: ' || event || E'\\n', '') || 'data: ' || regexp_replace(data, E'\\r\\n|\\r|\\n', E'\\ndata: ', 'g') || E'\\n',
    'UTF8');
  if octet_length(v_body) > 1048576 then
    raise exception 'the event has % bytes, and 1048576 is the most', octet_length(v_body) using errcode = '22023';
  end if;
  perform {schema}.sse_enqueue(log, channel, v_body, null, convert_to(key, 'UTF8'), null, null);
end
$$;

-- Publishes data as JSON.
create function {schema}.sse_publish(
  log text, channel text, data jsonb, event text default null, key text default null) returns void
language sql as $$
  select {schema}.sse_publish(log, channel, data::text, event, key)
$$;

-- Moves rows of the outbox into the log, in the order of their ids. Returns how many were moved, null where another process is
-- at it, -1 where the caller's position is not part of the log.
create function {schema}.move(
  p_name text, p_now float8, p_server text, p_fresh text, p_ttl float8, p_at_epoch text, p_at_seq bigint,
  p_ids bigint[], p_channels text[], p_max_counts float8[], p_max_ages float8[], p_max_bytes float8[],
  out moved integer, out server text, out head bigint, out epoch text)
language plpgsql {by_index} as $$
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
  if not pg_try_advisory_xact_lock(hashtext({notify} || '.outbox'), hashtext(p_name)) then
    return;
  end if;
  with gone as (
    delete from {schema}.outbox where id = any(p_ids) and log = p_name returning *
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
  from {schema}.append(p_name, p_now, p_server, p_fresh, p_ttl, array[p_at_epoch], array[p_at_seq],
    p_channels, p_max_counts, p_max_ages, p_max_bytes,
    v_ats, v_channel_of, v_times, v_starts, v_lengths, v_bodies, v_keys, v_item_ids, v_item_jsons) a;
  if not (v_accepted->>0)::boolean then
    raise exception 'the position of the sequencer is not part of the log' using errcode = 'HW001';
  end if;
end
$$;
`;
