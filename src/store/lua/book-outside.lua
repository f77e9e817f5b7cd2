-- includes: shared/amount-fits.lua
--
-- Books what was refunded outside of the gateway, or takes a booking back: its amount takes its place of the payment like
-- a refund's, whatever else is unsettled there. Never more than remains, and no more is taken back than was booked. Sent
-- twice, it finds its own booking; or what it was refused with: the attempt may have been told so, and books nothing later.
--
-- KEYS[2] what this attempt was refused with. KEYS[1] payment. Beside the fields of shared/ledger.lua:
--   bookings    each on a line of its own, oldest first: id, amount, tax-free part, when in milliseconds since 1970, its JSON
-- ARGV[1] booking's id, ARGV[2] amount, negative to take back, ARGV[3] its tax-free part as stated or '', ARGV[4] its JSON,
-- ARGV[5] for how long a payment is kept of which nothing is unsettled, in milliseconds, ARGV[6] how many a payment takes,
-- ARGV[7] for how long a refusal is remembered, in milliseconds
-- Returns {'booked' | 'exists', booking}, {'not_known'}, {'too_many'} or {'amount_exceeds_remaining' |
--      'tax_free_exceeds_amount', remaining, booked}.

local id, amount, stated, json = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local retention_ms, most, mark_ms = ARGV[5], tonumber(ARGV[6]), ARGV[7]

local refused = redis.call('GET', KEYS[2])
if refused then return cjson.decode(refused) end

local function refuse(...)
  redis.call('SET', KEYS[2], cjson.encode({ ... }), 'PX', mark_ms)
  return { ... }
end

local found = redis.call('HMGET', payment_key, 'ledger', 'unsettled', 'bookings')
local ledger, unsettled, bookings = decode_ledger(found[1]), found[2] or nil, found[3] or nil
if not ledger then return refuse('not_known') end

local existing = bookings and string.match('\n' .. bookings, '\n(' .. id .. ' [^\n]*)')
if existing then return { 'exists', existing } end

-- The tax-free part of what is taken back: as stated, else as much as there is, since a booking counts as taxable first.
local function part_taken_back(taken)
  if taken > ledger.outside then return 'amount_exceeds_remaining' end
  local part = stated and -stated or math.min(taken, ledger.outside_tax_free)
  local taxable = ledger.outside - ledger.outside_tax_free
  if part > ledger.outside_tax_free or taken - part > taxable then return 'tax_free_exceeds_amount' end
  return nil, -part
end

local used, used_tax_free = used_of(ledger)
local reason, part
if amount > 0 then
  reason, part = misfit(ledger, amount, stated, used, used_tax_free)
else
  reason, part = part_taken_back(-amount)
end
if reason then
  return refuse(reason, string.format('%.0f', math.max(0, ledger.amount - used)), string.format('%.0f', ledger.outside))
end
local _, booked = string.gsub(bookings or '', '\n', '\n')
if bookings and booked + 1 >= most then return refuse('too_many') end

ledger.outside, ledger.outside_tax_free = ledger.outside + amount, ledger.outside_tax_free + part
local booking = string.format('%s %.0f %.0f %.0f %s', id, amount, part, now_ms(), json)
write('bookings', bookings and bookings .. '\n' .. booking or booking)
write_ledger(ledger)
save()
if not unsettled then redis.call('PEXPIRE', payment_key, retention_ms) end
return { 'booked', booking }
