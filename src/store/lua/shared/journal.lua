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

-- Whether the journal has an entry of this refund, or booking, since then, give or take what clocks of two servers differ
-- by. A refund and a booking of one key are named alike.
local function is_in_journal(journal, of, is_booking, since)
  local PAGE, CLOCKS_MS = 100, 5000
  local start = string.format('%.0f', math.max(0, since - CLOCKS_MS))
  while true do
    local entries = redis.call('XRANGE', journal, start, '+', 'COUNT', PAGE)
    for index = 1, #entries do
      local text = entries[index][2][2]
      local is_same_kind = (string.sub(text, 1, 1) == 'o') == is_booking
      if is_same_kind and string.sub(text, -#of - 1) == ' ' .. of then return true end
    end
    if #entries < PAGE then return false end
    start = '(' .. entries[#entries][1]
  end
end
