-- includes: shared/journal.lua
--
-- Takes the entry of an attempt at a booking out of its shard's index, and journals in the same step what that attempt has
-- booked. Who takes the entry out is who journals it; an entry that a broken connection has put there again says nothing,
-- so the journal is asked. So each booking is journalled once.
--
-- KEYS[1] in flight, KEYS[2] journal
-- ARGV[1] for how long the journal is kept, in milliseconds, ARGV[2] the entry, ARGV[3] when it was booked, in milliseconds
-- since 1970, or '' where the attempt has booked nothing, ARGV[4] its letter (journal-entries.ts), ARGV[5] what names it:
-- id, merchant and tid
-- Returns how many were journalled.

local retention_ms, entry, booked_at, letter, of = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
if redis.call('ZREM', KEYS[1], entry) == 0 or not booked_at then return 0 end
if is_in_journal(KEYS[2], of, true, booked_at) then return 0 end
append(KEYS[2], letter, 1, booked_at, of)
trim(KEYS[2], retention_ms)
return 1
