/** The script that appends: many calls in one transaction, each with its own fence and its own outcome. */
import { COMMON } from './common.js';

/**
 * KEYS: log, feed, the streams of the channels, then what entries name by index: idempotency keys and hashes of items.
 * ARGV: now, the feed's length, the largest body that the feed repeats, how long a key is known, the number of channels, their
 * bounds; then for each call epoch, seq, number of arguments, and its entries: channel, time, body, what else there is: `k` and
 * the index of a key, then `s` or `d`, the index of the items, an id, and for `s` the JSON.
 * Returns the current epoch, the head, and for each call -1 (refused), the first seq, or where there are duplicates a list.
 */
export const APPEND = `${COMMON}
local feedLength, largest, ttl, channels = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local nameAt = #PREFIX + 3
local names, records, touched = {}, {}, {}
for first = 1, channels, 1000 do
  local fields = first == 1 and { 'head', 'epoch', 'start', 'forgotten', 'trimmed' } or {}
  local skipped = #fields
  local last = math.min(first + 999, channels)
  for i = first, last do
    names[i] = string.sub(KEYS[2 + i], nameAt)
    fields[#fields + 1] = ':' .. names[i]
  end
  local values = call('HMGET', LOG, unpack(fields))
  if first == 1 then take(values) end
  for i = first, last do records[i] = values[skipped + i - first + 1] end
end
if channels == 0 then loadMeta() end

local function open(i)
  local record = records[i]
  if record then
    record = unpack_(record)
    record[BOUNDS] = ARGV[5 + i]
  else
    clear(names[i])
    record = newRecord(ARGV[5 + i])
  end
  touched[i] = record
  return record
end

local function known(key)
  local epoch, seq, time = match(call('GET', key) or '', '^(%S+) (%d+) (%S+)$')
  seq = tonumber(seq)
  if seq and now - tonumber(time) < ttl and isValid(epoch, seq) then return seq, epoch end
end

-- The feed only points at a large body, unless retention may take it away before the processes have seen it.
local function isPointed(i, body, time)
  if #body <= largest then return false end
  local count, age, bytes = match(ARGV[5 + i], '(%S+) (%S+) (%S+)')
  count, age, bytes = tonumber(count), tonumber(age), tonumber(bytes)
  if (count >= 0 and count < 100) or (bytes >= 0 and bytes < 4 * #body) then return false end
  return age < 0 or now - tonumber(time) < age / 2
end

local p = 6 + channels

local function write(seqs)
  local i, time, body, more = tonumber(ARGV[p]), ARGV[p + 1], ARGV[p + 2], ARGV[p + 3]
  p = p + 4
  local key, item, id, json
  if more ~= '' then
    if string.byte(more) == 107 then
      key = KEYS[tonumber(ARGV[p])]
      p = p + 1
    end
    local change = string.byte(more, -1)
    if change ~= 107 then
      item, id = KEYS[tonumber(ARGV[p])], ARGV[p + 1]
      p = p + 2
      if change == 115 then
        json = ARGV[p]
        p = p + 1
      end
    end
  end
  if key then
    local seq, epoch = known(key)
    if seq then
      seqs[#seqs + 1] = { seq, epoch }
      return true
    end
  end
  local record = touched[i] or open(i)
  head = head + 1
  local total = record[TOTAL] + #body
  local prev = record[LAST]
  local entryId = idOf(head)
  local header = format('%s %s %.0f %s ', prev < 0 and '-' or format('%.0f', prev), time, total, current) .. names[i]
  call('XADD', KEYS[2 + i], entryId, header, body)
  if isPointed(i, body, time) then
    call('XADD', KEYS[2], 'MAXLEN', '~', feedLength, entryId, '>' .. header, '')
  else
    call('XADD', KEYS[2], 'MAXLEN', '~', feedLength, entryId, header, body)
  end
  if record[COUNT] == 0 then record[OLDEST] = tonumber(time) end
  record[COUNT] = record[COUNT] + 1
  record[TOTAL] = total
  record[LAST] = head
  record[TOUCHED] = now
  if key then
    local value = format('%s %.0f %.0f', current, head, now)
    if ttl > 0 then call('SET', key, value, 'PX', format('%.0f', ttl)) end
  end
  if json then record[ITEMS] = record[ITEMS] + call('HSET', item, id, json)
  elseif item then record[ITEMS] = record[ITEMS] - call('HDEL', item, id) end
  seqs[#seqs + 1] = head
  return false
end

local before = head
local outcomes = { current or '', head }
while p <= #ARGV do
  local isAccepted = isValid(ARGV[p], tonumber(ARGV[p + 1]))
  local stop = p + 3 + tonumber(ARGV[p + 2])
  p = p + 3
  if isAccepted then
    local seqs, isMixed = {}, false
    while p < stop do
      if write(seqs) then isMixed = true end
    end
    outcomes[#outcomes + 1] = isMixed and seqs or seqs[1] or 0
  else
    p = stop
    outcomes[#outcomes + 1] = -1
  end
end
if head > before then
  local wasTrimmed = trimmed
  local fields = { 'head', format('%.0f', head) }
  for i, record in pairs(touched) do
    settle(record, KEYS[2 + i])
    fields[#fields + 1] = ':' .. names[i]
    fields[#fields + 1] = pack(record)
    if #fields >= 2000 then
      call('HSET', LOG, unpack(fields))
      fields = {}
    end
  end
  if trimmed > wasTrimmed then
    fields[#fields + 1] = 'trimmed'
    fields[#fields + 1] = format('%.0f', trimmed)
  end
  if #fields > 0 then call('HSET', LOG, unpack(fields)) end
end
outcomes[2] = head
return outcomes
`;
