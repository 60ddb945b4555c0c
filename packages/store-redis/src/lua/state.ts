/** The scripts for what is kept beside the entries: snapshots, items, cursors. */
import { COMMON } from './common.js';

/**
 * KEYS: log, snapshot, the channel's stream. ARGV: now, epoch, seq, time, data, how long it is good for or -1, the channel's bounds.
 * Returns -1 for a place that is not valid, the floor where that is above it, else nothing.
 */
export const SAVE_SNAPSHOT = `${COMMON}
loadMeta()
local epoch, seq, time, ttl = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[6])
local name = string.sub(KEYS[3], #PREFIX + 3)
local packed = call('HGET', LOG, ':' .. name)
local record = packed and unpack_(packed) or newRecord(ARGV[7])
if seq < record[FLOOR] then return record[FLOOR] end
if not isValid(epoch, seq) then return -1 end
local keptEpoch, keptSeq = findSnapshot(KEYS[2], ttl)
if keptEpoch and keptSeq > seq and keptSeq >= record[FLOOR] and isValid(keptEpoch, keptSeq) then return false end
if not packed then
  clear(name)
  saveRecord(name, record)
end
local value = epoch .. ' ' .. ARGV[3] .. ' ' .. time .. '\\n' .. ARGV[5]
local left = ttl - math.max(0, now - tonumber(time))
if ttl < 0 then call('SET', KEYS[2], value)
elseif left > 0 then call('SET', KEYS[2], value, 'PX', format('%.0f', left))
else call('DEL', KEYS[2]) end
return false
`;

/** KEYS: log, snapshot, the channel's stream. ARGV: now, how long it is good for or -1. Returns epoch, seq, time and data, or nothing. */
export const LOAD_SNAPSHOT = `${COMMON}
loadMeta()
local epoch, seq, time, length = findSnapshot(KEYS[2], tonumber(ARGV[2]))
if not epoch or not isValid(epoch, seq) then return false end
local packed = call('HGET', LOG, ':' .. string.sub(KEYS[3], #PREFIX + 3))
if seq < (packed and unpack_(packed)[FLOOR] or forgotten) then return false end
return { epoch, seq, time, call('GETRANGE', KEYS[2], length, -1) }
`;

/** KEYS: log, items, the channel's stream. Returns epoch and seq of the head, and the items; nothing where some are lost. */
export const LOAD_ITEMS = `${COMMON}
loadMeta()
local packed = call('HGET', LOG, ':' .. string.sub(KEYS[3], #PREFIX + 3))
local count = packed and unpack_(packed)[ITEMS] or 0
-- Those of a log that is gone are nobody's.
if count == 0 and not packed then return { inForce(head) or '', head, {} } end
if call('HLEN', KEYS[2]) ~= count then return false end
return { inForce(head) or '', head, call('HGETALL', KEYS[2]) }
`;

/** KEYS: log, cursor. ARGV: now, epoch, seq, time, how long it is good for or -1. Returns -1 for a place that is not valid, else nothing. */
export const SAVE_CURSOR = `${COMMON}
loadMeta()
local epoch, seq, time, ttl = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if not isValid(epoch, seq) then return -1 end
local keptEpoch, keptSeq, keptTime = match(call('GET', KEYS[2]) or '', '^(%S+) (%d+) (%S+)$')
if keptEpoch then
  keptSeq, keptTime = tonumber(keptSeq), tonumber(keptTime)
  if ttl < 0 or now - keptTime < ttl then
    if keptSeq > seq and isValid(keptEpoch, keptSeq) then epoch, seq = keptEpoch, keptSeq end
    time = math.max(time, keptTime)
  end
end
local value = format('%s %.0f %.17g', epoch, seq, time)
local left = ttl - math.max(0, now - time)
if ttl < 0 then call('SET', KEYS[2], value)
elseif left > 0 then call('SET', KEYS[2], value, 'PX', format('%.0f', math.max(1, left)))
else call('DEL', KEYS[2]) end
return false
`;

/** KEYS: log, cursor. ARGV: now, how long it is good for or -1. Returns epoch, seq and time, or nothing. */
export const LOAD_CURSOR = `${COMMON}
local epoch, seq, time = match(call('GET', KEYS[2]) or '', '^(%S+) (%d+) (%S+)$')
local ttl = tonumber(ARGV[2])
if not epoch or (ttl >= 0 and now - tonumber(time) >= ttl) then return false end
return { epoch, tonumber(seq), time }
`;
