-- includes: shared/journal.lua
--
-- Takes entries of attempts out of their shard's index, and journals in the same step each whose refund has settled
-- in the ordinary way. Who takes an entry out is who journals it, so that is done once, whoever else tries.
--
-- An entry that a broken connection brings once more must not have its refund journalled again. So what arrives behind a
-- later number of its process has been done, or is the sweep's; and what settled a while ago others may have journalled.
--
-- KEYS[1] in flight, KEYS[2] journal, KEYS[3] the last number of this process
-- ARGV[1] for how long the journal is kept, in milliseconds, ARGV[2] this number, ARGV[3] for how long it is kept, in
-- milliseconds, ARGV[4] and on three for each entry: the entry; when its refund settled, in milliseconds since 1970, or ''
-- where it has begun none; succeeded or failed by its letter (journal-entries.ts), and what names the refund, divided by a
-- space
-- Returns how many were journalled.

-- Less than for how long what is in flight is left alone (journal-left-over.ts).
local SETTLED_JUST_NOW_MS = 2000

local last = redis.call('GET', KEYS[3])
if last and tonumber(last) >= tonumber(ARGV[2]) then return 0 end

local journalled = 0
for index = 4, #ARGV, 3 do
  local changed_at = tonumber(ARGV[index + 1])
  local is_left = changed_at and changed_at < journal_now - SETTLED_JUST_NOW_MS
  if not is_left and redis.call('ZREM', KEYS[1], ARGV[index]) == 1 and changed_at then
    append(KEYS[2], string.sub(ARGV[index + 2], 1, 1), 1, changed_at, string.sub(ARGV[index + 2], 3))
    journalled = journalled + 1
  end
end
if journalled > 0 then trim(KEYS[2], tonumber(ARGV[1])) end
-- Last: where Redis is full, a script goes on that has begun with what takes no room.
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
return journalled
