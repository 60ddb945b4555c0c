/** The functions that apply retention by age, delete what was trimmed, and forget idle channels, in bounded steps. */
export const SWEEP = `
-- True for one of all the processes that ask within p_every milliseconds. No process is in charge, so none can be missing.
create function {schema}.may_sweep(p_name text, p_every float8) returns boolean
language plpgsql as $$
declare
  v_now float8 := {schema}.now_ms(null);
begin
  if exists (select from {schema}.sweeps where log = p_name and time > v_now - p_every) then
    return false;
  end if;
  insert into {schema}.sweeps as s (log, time) values (p_name, v_now)
  on conflict (log) do update set time = excluded.time where s.time <= excluded.time - p_every;
  return found;
end
$$;

-- One step through the channels after p_after. Returns where to go on, null at the end.
create function {schema}.sweep(
  p_name text, p_now float8, p_after text, p_most integer, p_forget_after float8, p_snapshot_ttl float8) returns text
language plpgsql {by_index} as $$
declare
  l {schema}.logs;
  c {schema}.channels;
  v_now float8 := {schema}.now_ms(p_now);
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
  select * into l from {schema}.logs where name = p_name;
  if not found then
    return null;
  end if;
  v_upto := least(l.passed, l.head - 1000);
  select array_agg(o.name order by o.name), array_agg(o.name order by o.name) filter (where
    o.count > o.max_count or o.bytes > o.max_bytes or (o.count > 0 and v_now - o.oldest > o.max_age)
    or o.purged < least(o.floor, v_upto)
    or (o.count = 0 and v_now - o.touched >= p_forget_after and o.floor <= v_upto))
  into v_names, v_due
  from (select * from {schema}.channels where log = l.id and name > p_after order by name limit p_most) o;
  if v_due is null and not (p_after = '' and v_now - l.marked >= 5000 and (l.passed < l.passing or l.passing < l.head)) then
    return case when cardinality(v_names) = p_most then v_names[p_most] end;
  end if;

  select * into l from {schema}.logs where id = l.id for no key update;
  if p_after = '' and v_now - l.marked >= 5000 then
    l.passed := l.passing;
    l.passing := l.head;
    l.marked := v_now;
  end if;
  v_upto := least(l.passed, l.head - 1000);
  foreach v_row in array array(select generate_series(1, coalesce(cardinality(v_due), 0))) loop
    if v_left <= 0 then
      update {schema}.logs set trimmed = l.trimmed, forgotten = l.forgotten, passed = l.passed, passing = l.passing,
        marked = l.marked where id = l.id;
      return v_previous;
    end if;
    l.trimmed := greatest(l.trimmed, {schema}.trim_channel(l.id, v_due[v_row], v_now));
    select * into c from {schema}.channels where log = l.id and name = v_due[v_row];
    if c.purged < least(c.floor, v_upto) then
      select max(seq), count(*) into v_last, v_gone from (
        select seq from {schema}.entries
        where log = l.id and channel = c.name and seq > c.purged and seq <= least(c.floor, v_upto)
        order by seq limit v_left) first;
      delete from {schema}.entries where log = l.id and channel = c.name and seq > c.purged and seq <= v_last;
      c.purged := case when v_gone < v_left then least(c.floor, v_upto) else v_last end;
      v_left := v_left - v_gone;
      update {schema}.channels set purged = c.purged where log = l.id and name = c.name;
    end if;
    -- The floor of a forgotten channel rises with every other one that is forgotten, and would soon be above its snapshot.
    if c.count = 0 and c.purged >= c.floor and v_now - c.touched >= p_forget_after
      and not exists (select from {schema}.items where log = l.id and channel = c.name)
      and not exists (select from {schema}.snapshots
        where log = l.id and channel = c.name and v_now - time < p_snapshot_ttl)
    then
      l.forgotten := greatest(l.forgotten, c.floor);
      delete from {schema}.channels where log = l.id and name = c.name;
    end if;
    v_previous := v_due[v_row];
  end loop;
  update {schema}.logs set trimmed = l.trimmed, forgotten = l.forgotten, passed = l.passed, passing = l.passing,
    marked = l.marked where id = l.id;
  return case when cardinality(v_names) = p_most then v_names[p_most] end;
end
$$;

-- Deletes keys, snapshots and cursors that are too old, at most 1000 of each. Returns true where there may be more.
create function {schema}.expire(
  p_name text, p_now float8, p_key_ttl float8, p_snapshot_ttl float8, p_cursor_ttl float8) returns boolean
language plpgsql {by_index} as $$
declare
  v_log integer;
  v_now float8 := {schema}.now_ms(p_now);
  v_count bigint;
  v_more boolean;
begin
  select id into v_log from {schema}.logs where name = p_name;
  delete from {schema}.keys where ctid = any(array(
    select ctid from {schema}.keys where log = v_log and time <= v_now - p_key_ttl order by time limit 1000
    for update skip locked));
  get diagnostics v_count = row_count;
  v_more := v_count = 1000;
  delete from {schema}.snapshots where ctid = any(array(
    select ctid from {schema}.snapshots where log = v_log and time <= v_now - p_snapshot_ttl order by time limit 1000
    for update skip locked));
  get diagnostics v_count = row_count;
  v_more := v_more or v_count = 1000;
  delete from {schema}.cursors where ctid = any(array(
    select ctid from {schema}.cursors where log = v_log and time <= v_now - p_cursor_ttl order by time limit 1000
    for update skip locked));
  get diagnostics v_count = row_count;
  return v_more or v_count = 1000;
end
$$;
`;
