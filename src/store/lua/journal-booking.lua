-- includes: shared/journal.lua
--
-- Takes the entry of an attempt at a booking out of its shard's index, and journals in the same step what that attempt has
-- booked. The journal is asked whether it has that already, so each booking is journalled once, whoever else tries. An
-- attempt that has booked nothing may have entered once more since its entry was read, and be about to book: then it stays.
--
-- KEYS[1] in flight, KEYS[2] journal
-- ARGV[1] for how long the journal is kept, in milliseconds, ARGV[2] the entry, ARGV[3] when it was due as it was read, or
-- '' to the attempt itself, ARGV[4] when it was booked, in milliseconds since 1970, or '' where the attempt has booked
-- nothing, ARGV[5] its letter (journal-entries.ts), ARGV[6] what names it: id, merchant and tid
-- Returns how many were journalled.

local retention_ms, entry, known_due = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local booked_at, letter, of = tonumber(ARGV[4]), ARGV[5], ARGV[6]

local due = redis.call('ZSCORE', KEYS[1], entry)
if not booked_at and known_due and due and tonumber(due) ~= known_due then return 0 end
redis.call('ZREM', KEYS[1], entry)
if not booked_at or is_in_journal(KEYS[2], of, true, booked_at) then return 0 end
append(KEYS[2], letter, 1, booked_at, of)
trim(KEYS[2], retention_ms)
return 1
