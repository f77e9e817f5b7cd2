-- includes: shared/ledger.lua
--
-- What a payment remembers of its refunds, so that what was refunded is known again under another key. Fields of
-- KEYS[1], beside those of shared/ledger.lua:
--
--   @<reference>  the id of the refund that has this reference, until that has failed. Several, divided by spaces, only
--                 where one that had failed was made after all, and another had been given its reference
--   recent        number:amount of the latest partial refunds without a reference, oldest first, divided by spaces

-- Bounded, since a payment may be refunded in thousands of parts. One that is undone has pushed another out: so one more
-- than the 50 that are promised.
local MOST_RECENT = 51

-- The field by which a refund with this reference, or nil, is known again.
local function known_field(reference)
  return reference and '@' .. reference or 'recent'
end

-- The reference that a refund's JSON holds, or nil. Half a surrogate pair of the provider's answer is JSON that cjson does
-- not read; an outcome is recorded all the same.
local function reference_of(refund)
  local is_read, json = pcall(cjson.decode, refund.json)
  return is_read and json.ref or nil
end

-- Writes that a refund has this reference, beside the holders that are known.
local function hold_reference(reference, id, holders)
  if holders and string.find(holders, id, 1, true) then return end
  write(known_field(reference), holders and holders .. ' ' .. id or id)
end

-- Writes that a partial refund without a reference was begun.
local function note_amount(number, amount, recent)
  recent = string.format('%s%.0f:%.0f', recent and recent .. ' ' or '', number, amount)
  local _, noted = string.gsub(recent, ':', ':')
  if noted > MOST_RECENT then recent = string.match(recent, ' (.*)') end
  write('recent', recent)
end

-- Whether the amount of the refund with this number is among those that are known.
local function is_noted(number, recent)
  return string.find(' ' .. (recent or ''), string.format(' %.0f:', number), 1, true) ~= nil
end

-- A refund that is undone was never there.
local function forget_known(refund)
  local reference = reference_of(refund)
  local field = known_field(reference)
  local known = redis.call('HGET', payment_key, field)
  if not known then return end
  local left = reference and without(known, refund.id)
    or string.gsub(string.gsub(' ' .. known, string.format(' %.0f:%%d+', refund.number), ''), '^ ', '')
  if left == '' then redis.call('HDEL', payment_key, field) else write(field, left) end
end
