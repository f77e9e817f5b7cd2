-- includes: shared/now.lua
--
-- How the journal is written (journal-entries.ts): a stream whose entries have one field, `e`:
--   <change> <lag> <id> <merchant> <tid>
-- The change is a letter, with its number among those of its refund behind it where that is not 1. The lag is how many
-- milliseconds later than the change the entry was appended, and the entry's own id in the stream says when that was.

local journal_now = now_ms()

-- `of`: id, merchant and tid of the refund, divided by spaces.
local function append(journal, letter, number, changed_at, of)
  local change = number > 1 and letter .. number or letter
  local lag = math.max(0, journal_now - changed_at)
  redis.call('XADD', journal, '*', 'e', string.format('%s %.0f %s', change, lag, of))
end

-- What is older than this goes, as far as that costs nothing: whole nodes of the stream.
local function trim(journal, retention_ms)
  redis.call('XTRIM', journal, 'MINID', '~', string.format('%.0f', math.max(0, journal_now - retention_ms)))
end
