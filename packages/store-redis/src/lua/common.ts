/**
 * What the scripts share. A script is one transaction: nothing else runs on the server meanwhile.
 *
 * The bookkeeping of a log is one hash, so that it can only be lost as a whole: `head`, the epochs, `forgotten`, `trimmed`, and one
 * packed record for each channel. Entries are in one stream for each channel, under the id `<seq>-0`, as one field: its name is
 * a header of text, `prev time total epoch channel`, its value the body. `total` counts the bytes of all bodies that the channel
 * ever got, so that what was trimmed in between need not be read.
 *
 * Invariant: a channel's entries above its floor are in its stream. A stream that is shorter than its record says was evicted: then
 * the floor is raised to what precedes its first entry, because history may be missing but never silently.
 */
export const COMMON = `
local LOG = KEYS[1]
local PREFIX = string.sub(LOG, 1, -4)
local LAST, FLOOR, COUNT, DROPPED, TOTAL, OLDEST, TOUCHED, ITEMS, BOUNDS = 1, 2, 3, 4, 5, 6, 7, 8, 9
local call, format, match = redis.call, string.format, string.match
local pack, unpack_ = cmsgpack.pack, cmsgpack.unpack

local now = tonumber(ARGV[1])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local head, current, start, forgotten, trimmed

local function take(meta)
  head = tonumber(meta[1]) or 0
  current = meta[2]
  start = tonumber(meta[3]) or 0
  forgotten = tonumber(meta[4]) or 0
  trimmed = tonumber(meta[5]) or 0
end

local function loadMeta()
  take(call('HMGET', LOG, 'head', 'epoch', 'start', 'forgotten', 'trimmed'))
end

local function idOf(seq)
  return format('%.0f-0', seq)
end

local function seqOf(id)
  return tonumber(match(id, '^%d+'))
end

-- The epoch in force at seq; nil before the list begins. Nearly always it is the current one, and the list is not looked at.
local function inForce(seq)
  if not current then return nil end
  if seq >= start then return current end
  local found
  for epoch, from in string.gmatch(call('HGET', LOG, 'epochs') or '', '(%S+) (%d+)') do
    if tonumber(from) > seq then break end
    found = epoch
  end
  return found
end

local function isValid(epoch, seq)
  return seq <= head and inForce(seq) == epoch
end

local function streamOf(name)
  return PREFIX .. 'c:' .. name
end

local function newRecord(bounds)
  return { forgotten == 0 and 0 or -1, forgotten, 0, 0, 0, 0, now, 0, bounds }
end

-- A channel that the log does not know has nothing: what is there under its name belongs to a log that is gone.
local function clear(name)
  call('DEL', streamOf(name), PREFIX .. 'i:' .. name)
end

local function saveRecord(name, record)
  call('HSET', LOG, ':' .. name, pack(record))
end

local function raise(record, floor)
  if floor > record[FLOOR] then record[FLOOR] = floor end
  if record[FLOOR] > trimmed then trimmed = record[FLOOR] end
end

-- Notes where the stream now begins: the floor is what its first entry follows, all of it if there is none.
local function front(record, key, first)
  record[COUNT] = call('XLEN', key)
  first = first or call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
  if not first then
    raise(record, record[LAST])
    record[DROPPED] = record[TOTAL]
    return
  end
  local prev, time, total = match(first[2][1], '^(%S+) (%S+) (%d+)')
  if prev ~= '-' then raise(record, tonumber(prev)) end
  record[DROPPED] = tonumber(total) - #first[2][2]
  record[OLDEST] = tonumber(time)
end

-- Trims what is beyond the channel's bounds, oldest first. True where something was. Appends let a long channel go a little
-- beyond them, so that whole nodes of its stream go at once: trimming entry by entry costs as much as appending. The sweep is exact.
local function settle(record, key, isExact)
  local count, age, bytes = match(record[BOUNDS], '(%S+) (%S+) (%S+)')
  count, age, bytes = tonumber(count), tonumber(age), tonumber(bytes)
  local isLazy = not isExact and record[COUNT] >= 1000
  local changed = false
  if count >= 0 and record[COUNT] > count + (isLazy and 100 or 0) then
    call('XTRIM', key, 'MAXLEN', isLazy and '~' or '=', format('%.0f', count))
    front(record, key)
    changed = true
  end
  local mostBytes, mostAge = isLazy and bytes * 1.01 or bytes, isLazy and age + 2000 or age
  while record[COUNT] > 0 do
    local isOver = bytes >= 0 and record[TOTAL] - record[DROPPED] > mostBytes
    if not isOver and not (age >= 0 and now - record[OLDEST] > mostAge) then break end
    local kept, gone
    for _, entry in ipairs(call('XRANGE', key, '-', '+', 'COUNT', isLazy and 64 or 16)) do
      local time, total = match(entry[2][1], '^%S+ (%S+) (%d+)')
      local held = record[TOTAL] - (tonumber(total) - #entry[2][2])
      if (bytes < 0 or held <= bytes) and (age < 0 or now - tonumber(time) <= age) then
        kept = entry
        break
      end
      gone = seqOf(entry[1])
    end
    if gone then call('XTRIM', key, 'MINID', '=', idOf(gone + 1)) end
    front(record, key, kept)
    changed = true
  end
  return changed
end

-- Entries must be where the record says they are. True where they were not, and the floor now says so.
local function mend(record, key)
  if call('XLEN', key) == record[COUNT] then return false end
  front(record, key)
  return true
end

local function saveTrimmed()
  call('HSET', LOG, 'trimmed', format('%.0f', trimmed))
end

-- The kept snapshot's epoch, seq, time and header length, unless it has expired.
local function findSnapshot(key, ttl)
  local header = match(call('GETRANGE', key, 0, 150), '^[^\\n]+\\n')
  if not header then return nil end
  local epoch, seq, time = match(header, '^(%S+) (%d+) (%S+)')
  if ttl >= 0 and now - tonumber(time) >= ttl then return nil end
  return epoch, tonumber(seq), time, #header
end
`;
