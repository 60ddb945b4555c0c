/** The functions for what a log keeps beside its entries. */
export const SHELF = `
-- Returns -1 for a place that is not part of the log, the channel's floor where that is above it, else null.
create function {schema}.save_snapshot(
  p_name text, p_now float8, p_channel text, p_epoch text, p_seq bigint, p_time float8, p_data bytea, p_ttl float8,
  p_max_count float8, p_max_age float8, p_max_bytes float8) returns bigint
language plpgsql as $$
declare
  l {schema}.logs;
  s {schema}.snapshots;
  v_floor bigint;
  v_now float8 := {schema}.now_ms(p_now);
begin
  perform {schema}.be_durable();
  select * into l from {schema}.logs where name = p_name for no key update;
  select floor into v_floor from {schema}.channels where log = l.id and name = p_channel;
  if p_seq < coalesce(v_floor, l.forgotten) then
    return coalesce(v_floor, l.forgotten);
  end if;
  if l.id is null or p_seq > l.head or {schema}.in_force(l.id, p_seq) is distinct from p_epoch then
    return -1;
  end if;
  select * into s from {schema}.snapshots where log = l.id and channel = p_channel;
  if s.seq > p_seq and v_now - s.time < p_ttl and s.seq >= coalesce(v_floor, l.forgotten)
    and s.seq <= l.head and {schema}.in_force(l.id, s.seq) = s.epoch then
    return null;
  end if;
  if v_floor is null then
    -- Known from now on: the floor of the channels that are not rises with every other one that is forgotten.
    insert into {schema}.channels (log, name, last, floor, purged, touched, max_count, max_age, max_bytes)
    values (l.id, p_channel, case when l.forgotten = 0 then 0 end, l.forgotten, l.forgotten, v_now,
      p_max_count, p_max_age, p_max_bytes);
  end if;
  insert into {schema}.snapshots (log, channel, epoch, seq, time, data)
  values (l.id, p_channel, p_epoch, p_seq, p_time, p_data)
  on conflict (log, channel) do update set
    epoch = excluded.epoch, seq = excluded.seq, time = excluded.time, data = excluded.data;
  return null;
end
$$;

-- Returns false for a place that is not part of the log.
create function {schema}.save_cursor(
  p_name text, p_now float8, p_key text, p_epoch text, p_seq bigint, p_time float8, p_ttl float8) returns boolean
language plpgsql as $$
declare
  l {schema}.logs;
  v_now float8 := {schema}.now_ms(p_now);
begin
  select * into l from {schema}.logs where name = p_name;
  if l.id is null or p_seq > l.head or {schema}.in_force(l.id, p_seq) is distinct from p_epoch then
    return false;
  end if;
  insert into {schema}.cursors as c (log, key, epoch, seq, time) values (l.id, p_key, p_epoch, p_seq, p_time)
  on conflict (log, key) do update set
    (epoch, seq, time) = (
      select case when stays then c.epoch else excluded.epoch end, case when stays then c.seq else excluded.seq end,
        case when is_good then greatest(c.time, excluded.time) else excluded.time end
      from (select v_now - c.time < p_ttl as is_good,
        v_now - c.time < p_ttl and c.seq > excluded.seq and {schema}.in_force(c.log, c.seq) = c.epoch
          -- What another process has proven meanwhile may be above the head that was read here.
          and c.seq <= (select head from {schema}.logs where id = c.log) as stays) judged);
  return true;
end
$$;
`;
