/** The script that applies retention by age, and forgets idle channels. */
import { COMMON } from './common.js';

/**
 * KEYS: log, lock. ARGV: now, how long an idle channel is known or -1, how long a snapshot is good for or -1, for how many ms
 * nobody else is to sweep (0: go on from the cursor in any case), the cursor. Looks at some hundred channels.
 * Returns the cursor to go on with, `0` at the end, or nothing where another process sweeps.
 */
export const SWEEP = `${COMMON}
local forgetAfter, snapshotTtl, lock, cursor = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
if lock ~= '0' then
  if not call('SET', KEYS[2], cursor, 'NX', 'PX', lock) then return false end
  cursor = call('HGET', LOG, 'sweep') or '0'
end
if call('EXISTS', LOG) == 0 then return '0' end
loadMeta()
local wasTrimmed, wasForgotten = trimmed, forgotten
local step = call('HSCAN', LOG, cursor, 'MATCH', ':*', 'COUNT', 250)
for i = 1, #step[2], 2 do
  local name, record = string.sub(step[2][i], 2), unpack_(step[2][i + 1])
  local key = streamOf(name)
  local changed = settle(record, key, true)
  local isIdle = forgetAfter >= 0 and record[COUNT] == 0 and record[ITEMS] == 0 and now - record[TOUCHED] >= forgetAfter
  -- The floor of a forgotten channel rises with every other one that is forgotten, and would soon be above its snapshot.
  if isIdle and not findSnapshot(PREFIX .. 's:' .. name, snapshotTtl) then
    if record[FLOOR] > forgotten then forgotten = record[FLOOR] end
    call('HDEL', LOG, ':' .. name)
    clear(name)
  elseif changed then
    saveRecord(name, record)
  end
end
if trimmed > wasTrimmed then saveTrimmed() end
if forgotten > wasForgotten then call('HSET', LOG, 'forgotten', format('%.0f', forgotten)) end
call('HSET', LOG, 'sweep', step[1])
return step[1]
`;
