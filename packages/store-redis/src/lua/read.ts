/**
 * The scripts that read. A page and its floors come from one transaction. What a script does is bounded by what the page may hold:
 * it looks at the entries after a place, never for it.
 */
import { COMMON } from './common.js';

/** A log of more channels than this is looked through in steps. */
const FEW_CHANNELS = 1_000;

const PAGE = `
local after, limit, maxBytes = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if maxBytes < 0 then maxBytes = math.huge end
-- One more than asked for: only what the limit leaves out tells whether it cut the page.
local wanted = limit + 1

-- The page out of these entries, of which there are all that there are up to the last.
local function pageOf(entries)
  local bytes, most = 0, math.min(limit, #entries)
  for i = 1, most do
    bytes = bytes + #entries[i][2][2]
    if bytes >= maxBytes then
      most = i
      break
    end
  end
  local upTo = head
  if #entries > most then
    upTo = most > 0 and seqOf(entries[most][1]) or after
    for i = #entries, most + 1, -1 do entries[i] = nil end
  end
  return upTo, entries
end
`;

/**
 * KEYS: log, and the streams of the channels. ARGV: now, after, limit, maxBytes.
 * Returns up to where the log was examined, `forgotten`, the floors, the entries.
 */
export const READ = `${COMMON}${PAGE}
local nameAt = #PREFIX + 3
local floors, streams = {}, {}
local wasTrimmed
local function look(i, packed)
  local key = KEYS[i + 1]
  if not packed then
    floors[i] = forgotten
    return
  end
  local record = unpack_(packed)
  if record[LAST] > after and mend(record, key) then saveRecord(string.sub(key, nameAt), record) end
  floors[i] = record[FLOOR]
  if record[LAST] > after and record[COUNT] > 0 then
    local average = (record[TOTAL] - record[DROPPED]) / record[COUNT]
    streams[#streams + 1] = { key = key, at = after, average = average }
  end
end
loadMeta()
wasTrimmed = trimmed
for first = 2, #KEYS, 1000 do
  local fields = {}
  for i = first, math.min(first + 999, #KEYS) do fields[#fields + 1] = ':' .. string.sub(KEYS[i], nameAt) end
  local values = call('HMGET', LOG, unpack(fields))
  for i, value in ipairs(values) do look(first + i - 2, value) end
end
if trimmed > wasTrimmed then saveTrimmed() end

-- Each stream by chunks: everything up to the lowest end of those that may have more is complete.
local found = {}
local share = math.ceil(2 * wanted / math.max(1, #streams)) + 1
for _, stream in ipairs(streams) do
  stream.chunk = math.min(wanted, share, math.ceil(maxBytes / math.max(1, stream.average)) + 1)
end
local horizon = after
local isComplete = #streams == 0
while not isComplete do
  local lowest = math.huge
  for _, stream in ipairs(streams) do
    if not stream.isDone and stream.at <= horizon then
      local list = call('XRANGE', stream.key, idOf(stream.at + 1), '+', 'COUNT', stream.chunk)
      for _, entry in ipairs(list) do
        found[#found + 1] = { seqOf(entry[1]), entry }
        stream.at = found[#found][1]
      end
      stream.isDone = #list < stream.chunk
      stream.chunk = math.min(wanted, stream.chunk * 2)
    end
    if not stream.isDone and stream.at < lowest then lowest = stream.at end
  end
  horizon = lowest
  local ready, size, largest = 0, 0, 0
  for _, one in ipairs(found) do
    if one[1] <= horizon then
      local length = #one[2][2][2]
      ready = ready + 1
      size = size + length
      if length > largest then largest = length end
    end
  end
  -- Without any one of them there is still more than the page may hold.
  isComplete = horizon == math.huge or ready > limit or (ready > 1 and size - largest >= maxBytes)
end
table.sort(found, function(a, b) return a[1] < b[1] end)
local entries = {}
for _, one in ipairs(found) do
  if one[1] > horizon or #entries == wanted then break end
  entries[#entries + 1] = one[2]
end
local upTo, page = pageOf(entries)
return { upTo, forgotten, floors, page }
`;

/**
 * KEYS: log, feed. ARGV: now, after, limit, maxBytes. All channels, from the feed.
 * Returns nothing where the feed does not reach back so far, or floors are to be looked for among too many channels; else up to
 * where the log was examined, `forgotten`, the names and floors of the channels whose floor is above `after`, the entries.
 */
export const READ_FEED = `${COMMON}${PAGE}
loadMeta()
local floors, byName = {}, {}
if trimmed > after then
  if call('HLEN', LOG) > ${FEW_CHANNELS} then return false end
  local all = call('HGETALL', LOG)
  for i = 1, #all, 2 do
    if string.byte(all[i]) == 58 then
      local name, floor = string.sub(all[i], 2), unpack_(all[i + 1])[FLOOR]
      byName[name] = floor
      if floor > after then
        floors[#floors + 1] = name
        floors[#floors + 1] = floor
      end
    end
  end
end
local entries, bytes, at = {}, 0, after
if head > after then
  local first = call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  if not first or seqOf(first[1]) > after + 1 then return false end
  while at < head and #entries < wanted do
    local list = call('XRANGE', KEYS[2], idOf(at + 1), '+', 'COUNT', math.min(wanted, 256))
    if #list == 0 then break end
    for _, entry in ipairs(list) do
      at = seqOf(entry[1])
      local header = entry[2][1]
      local name = match(header, '^%S+ %S+ %d+ %S+ (.+)$')
      -- The feed also has what was trimmed since.
      local isKept = at > (byName[name] or forgotten)
      if isKept and string.byte(header) == 62 then
        -- The feed only points at it.
        entry = call('XRANGE', streamOf(name), entry[1], entry[1])[1]
        if not entry then
          isKept = false
          -- Evicted, or trimmed and forgotten: the channels know.
          if at > forgotten then return false end
        end
      end
      if isKept then
        entries[#entries + 1] = entry
        -- More than a page is read for nothing; what was read already shows that the page is cut.
        if bytes >= maxBytes or #entries == wanted then at = math.huge break end
        bytes = bytes + #entry[2][2]
      end
    end
  end
end
local upTo, page = pageOf(entries)
return { upTo, forgotten, floors, page }
`;

/**
 * KEYS: log. ARGV: now, cursor, after, the highest seq wanted or -1, entries per channel. One step through the channels, for what
 * the feed does not reach. Returns the next cursor, up to where the entries found are complete (-1: to the end), and the entries.
 */
export const SCAN = `${COMMON}
loadMeta()
local wasTrimmed = trimmed
local after, ceiling = tonumber(ARGV[3]), tonumber(ARGV[4])
local last = ceiling >= 0 and idOf(ceiling) or '+'
local step = call('HSCAN', LOG, ARGV[2], 'MATCH', ':*', 'COUNT', 100)
local found, complete = {}, -1
for i = 1, #step[2], 2 do
  local name, record = string.sub(step[2][i], 2), unpack_(step[2][i + 1])
  if record[LAST] > after then
    local key = streamOf(name)
    if mend(record, key) then saveRecord(name, record) end
    -- At most a quarter of a MiB from each.
    local average = math.max(1, (record[TOTAL] - record[DROPPED]) / math.max(1, record[COUNT]))
    local chunk = math.max(1, math.min(tonumber(ARGV[5]), math.floor(262144 / average)))
    local list = call('XRANGE', key, idOf(after + 1), last, 'COUNT', chunk)
    for _, entry in ipairs(list) do found[#found + 1] = entry end
    if #list == chunk then
      local seq = seqOf(list[#list][1])
      if complete < 0 or seq < complete then complete = seq end
    end
  end
end
if trimmed > wasTrimmed then saveTrimmed() end
return { step[1], complete, found }
`;

/** KEYS: log. ARGV: now, cursor, after. One step through the floors. Returns the next cursor, `forgotten`, names and floors. */
export const FLOORS = `${COMMON}
loadMeta()
local after = tonumber(ARGV[3])
if trimmed <= after then return { '0', forgotten, {} } end
local step = call('HSCAN', LOG, ARGV[2], 'MATCH', ':*', 'COUNT', 500)
local floors = {}
for i = 1, #step[2], 2 do
  local floor = unpack_(step[2][i + 1])[FLOOR]
  if floor > after then
    floors[#floors + 1] = string.sub(step[2][i], 2)
    floors[#floors + 1] = floor
  end
end
return { step[1], forgotten, floors }
`;
