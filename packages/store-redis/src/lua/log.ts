/** The scripts for the epochs and for the fence of a tail. */
import { COMMON } from './common.js';

/** Clients whose id is this many connects of a process old still resume. At some 20 bytes each it costs nothing. */
const KEPT_EPOCHS = 1_000;

/** The layout that this version reads and writes. */
const SCHEMA = 1;

/** ARGV: now, epoch. Returns the head and the epochs, or the schema of a layout that is not ours. */
export const START_EPOCH = `${COMMON}
local meta = call('HMGET', LOG, 'v', 'epochs', 'head')
if meta[3] and meta[1] ~= '${SCHEMA}' then return { -1, meta[1] or '' } end
loadMeta()
if not meta[3] then
  -- A log without its bookkeeping is lost; what is left of it must not be taken for a part of the new one.
  call('DEL', LOG, PREFIX .. 'feed')
  meta[2] = ''
end
local from = meta[3] and head + 1 or 0
local list = {}
for epoch, at in string.gmatch(meta[2] or '', '(%S+) (%d+)') do list[#list + 1] = { epoch, at } end
list[#list + 1] = { ARGV[2], format('%.0f', from) }
if #list > ${KEPT_EPOCHS} then
  -- An epoch whose successor began at the same place was never in force anywhere, so no id carries it.
  local inForceOnce = {}
  for i, one in ipairs(list) do
    if not list[i + 1] or list[i + 1][2] ~= one[2] then inForceOnce[#inForceOnce + 1] = one end
  end
  list = inForceOnce
end
local texts = {}
for i = math.max(1, #list - ${KEPT_EPOCHS} + 1), #list do texts[#texts + 1] = list[i][1] .. ' ' .. list[i][2] end
local epochs = table.concat(texts, ' ')
call('HSET', LOG, 'v', ${SCHEMA}, 'head', format('%.0f', head), 'epoch', ARGV[2], 'start', format('%.0f', from),
  'epochs', epochs, 'forgotten', format('%.0f', forgotten), 'trimmed', format('%.0f', trimmed))
return { head, epochs }
`;

/** ARGV: now, epoch, seq. Returns whether that place is valid, the head, up to where entries were trimmed, and the epoch in force at the head. */
export const FENCE = `${COMMON}
loadMeta()
return { isValid(ARGV[2], tonumber(ARGV[3])) and 1 or 0, head, trimmed, inForce(head) or '' }
`;
