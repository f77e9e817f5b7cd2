-- includes: shared/journal.lua
--
-- Moves a refund to where it belongs in its shard's index, and journals in the same step what the journal lacks of its
-- changes: all that are told, and behind those that are counted as journalled. Sent twice, it changes nothing more. Who
-- tells of fewer changes than are journalled has read the refund before the others: where they have put it, it stays. An
-- entry that is looked at leaves only where it is still due when it was known to be: else another is about to settle its
-- refund.
--
-- Of a refund that settles in the ordinary way nothing is counted: its attempt's entry is in flight until that one
-- change is journalled (leave-settled.lua). An entry that a broken connection has put there again says nothing: then
-- the journal is asked.
--
-- KEYS[1] in flight, KEYS[2] unknown by when they were asked for, KEYS[3] by when they are looked at, KEYS[4] journal,
-- KEYS[5] how many changes of a refund are journalled: the time, and the number in six bits behind it,
-- KEYS[6] awaiting a deposit by when they were asked for
-- ARGV[1] for how long the journal is kept, in milliseconds, ARGV[2] what the refund is: unknown, disputed,
-- awaiting_deposit or settled,
-- ARGV[3] the entry that was found, ARGV[4] that of the attempt which has begun it, ARGV[5] that of an unknown refund,
-- ARGV[6] of an unknown or disputed one since when it is due, in milliseconds since 1970, or '' for now; of a settled
-- one when ARGV[5] is due if it is to leave, or '', ARGV[7] what names the refund: id, merchant and tid,
-- ARGV[8] and on two for each change, oldest first: its letter (journal-entries.ts), when it was
-- Returns how many were journalled, or -1 to who has read the refund before the others.

local in_flight, unknown, lookups, journal, counts, awaiting = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local retention_ms, state, found, own, entry = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local due, of = tonumber(ARGV[6]), ARGV[7]
local FIRST, COUNTED, OUTDATED = 8, 64, -1

local told = (#ARGV - FIRST + 1) / 2
local is_ordinary = ARGV[FIRST] == 's' or ARGV[FIRST] == 'f'

local function already_journalled()
  local count = redis.call('ZSCORE', counts, of)
  if count then return count % COUNTED end
  if not is_ordinary then return 0 end
  if not redis.call('ZSCORE', in_flight, own) then return 1 end
  return is_in_journal(journal, of, false, tonumber(ARGV[FIRST + 1])) and 1 or 0
end

local journalled = already_journalled()
for number = journalled + 1, told do
  local at = FIRST + 2 * (number - 1)
  local changed_at = tonumber(ARGV[at + 1])
  -- What is older than the journal is not of it any more.
  if changed_at >= journal_now - retention_ms then append(journal, ARGV[at], number, changed_at, of) end
end
if told > journalled then
  if told > 1 or not is_ordinary then redis.call('ZADD', counts, journal_now * COUNTED + told, of) end
  redis.call('ZREMRANGEBYSCORE', counts, '-inf', (journal_now - retention_ms) * COUNTED)
  trim(journal, retention_ms)
end

redis.call('ZREM', in_flight, found, own)
if told < journalled then return OUTDATED end
for place, key in pairs({ unknown = unknown, awaiting_deposit = awaiting }) do
  if state == place then
    redis.call('ZADD', key, 0, entry)
  else
    redis.call('ZREM', key, found, entry)
  end
end
if state ~= 'settled' then
  redis.call('ZADD', lookups, 'NX', math.min(journal_now, due or journal_now), entry)
elseif due and due == tonumber(redis.call('ZSCORE', lookups, entry) or nil) then
  redis.call('ZREM', lookups, entry)
end
return told - journalled
