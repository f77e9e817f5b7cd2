-- includes: shared/references-and-amounts.lua
--
-- Records what became of a refund; ledger and refund change together. Sent twice, it changes nothing more.
--
-- What has failed stays so, but an answer that says otherwise makes its amount disputed: it counts as refunded until a
-- person clears it, and each answer disputes it once. Any other answer that contradicts what stands is remembered, and
-- takes no money back, and that the call was declined before says nothing against a refund that awaits a deposit: a figure of the provider that is larger than what was booked is booked.
--
-- KEYS[1] payment
-- ARGV[1] refund's id, ARGV[2] attempt, ARGV[3] the status that it gets: succeeded, failed or unknown, ARGV[4] what the
-- provider says that it refunded or '', ARGV[5] what was asked, ARGV[6] who says so: provider, lookup or operator,
-- ARGV[7] the refund's JSON, ARGV[8] for how long a payment is kept of which nothing is unsettled, in milliseconds,
-- ARGV[9] the only state that a person's decision is about: unknown, awaiting_deposit or disputed
-- Returns {'settled' | 'conflict' | 'disputed', id, refund, its status before}, or {'lost'} where the payment does not
-- know the refund any more.

local id, attempt, status, booked, asked = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local source, json, retention_ms, settles = ARGV[6], ARGV[7], ARGV[8], ARGV[9]

local ledger, refund, unsettled = read(id)
if not refund then return { 'lost' } end

local now, before = now_ms(), refund.status
local figure = booked or asked -- booked nil: what was asked

local function done(result)
  return { result, id, refund_text(refund), before }
end

local function dispute(cause)
  if remembers(refund, 'disputed', cause) then
    return done(refund.status == 'disputed' and 'disputed' or 'conflict')
  end
  local is_first = refund.status == 'failed'
  if is_first then
    remember(refund, 'failed', 'recorded', refund.updated_at)
    local reference = reference_of(refund) -- free while it had failed
    if reference then hold_reference(reference, id, redis.call('HGET', payment_key, known_field(reference)) or nil) end
    refund.status, refund.updated_at, refund.json = 'disputed', now, refund.json .. '\n' .. json
    book(refund, figure)
    count_refund(ledger, refund, 1)
    write_ledger(ledger)
    write('unsettled', unsettled and unsettled .. ' ' .. id or id)
  end
  remember(refund, 'disputed', cause, now)
  write_refund(refund)
  save()
  if is_first then redis.call('PERSIST', payment_key) end
  return done('disputed')
end

if refund.attempt ~= attempt then
  -- The store had forgotten one of two attempts. Both may have moved money, and the refund can only stand for one.
  if source == 'operator' or status == 'failed' then return done('conflict') end
  if refund.status == 'failed' or refund.status == 'disputed' then return dispute(attempt) end
  local cause = status == 'succeeded' and attempt or 'unknown.' .. attempt
  if not remembers(refund, 'other', cause) and remember(refund, 'other', cause, now) then
    if status == 'succeeded' then
      count(ledger, 'succeeded', figure, refund.tax_free, 1)
      write_ledger(ledger)
    end
    write_refund(refund)
    save()
  end
  return done('conflict')
end

-- The answer after which a deposit was asked for may come once more.
local stood_before = refund.status == 'awaiting_deposit' and 'failed' or refund.status
local is_sent_twice = (refund.status == status or stood_before == status) and refund.json == json
if is_sent_twice then return done('settled') end

local is_paid_in = refund.status == 'awaiting_deposit' and status == 'succeeded'

if source == 'operator' then
  -- A person settles what was seen so, and never overrules a process that is still at work.
  expire_lease(ledger, refund, now)
  if refund.status ~= settles then return done('conflict') end
elseif refund.status ~= 'processing' and refund.status ~= 'unknown' and not is_paid_in then
  if status == 'succeeded' and refund.status ~= 'succeeded' then return dispute(source) end
  local is_larger = status == 'succeeded' and source == 'provider' and figure > booked_of(refund)
  if refund.status == status and not is_larger then return done('settled') end
  if is_larger then
    count_refund(ledger, refund, -1)
    book(refund, figure)
    count_refund(ledger, refund, 1)
    write_ledger(ledger)
  end
  if status ~= 'unknown' and not remembers(refund, 'conflict', status) then remember(refund, 'conflict', status, now) end
  write_refund(refund)
  save()
  return done('conflict')
end

count_refund(ledger, refund, -1)
if status == 'unknown' and refund.status == 'processing' then remember(refund, 'unknown', source, now) end
-- A person who says that a disputed refund was made, and states no amount, means that of the answer.
if status == 'succeeded' and (booked or refund.status ~= 'disputed') then book(refund, figure) end
if status ~= 'succeeded' then refund.booked = '-' end
refund.status, refund.updated_at, refund.lease_until, refund.json = status, now, 0, json
count_refund(ledger, refund, 1)

write_ledger(ledger)
local text = write_refund(refund)
if status ~= 'unknown' then leave_unsettled(unsettled, id, retention_ms) end
save()
if status == 'failed' and source ~= 'operator' and string.find(refund.history, 'other:', 1, true) then
  -- Another attempt was sent as well, and this decline may be of what that one did. What succeeded is counted already.
  unsettled = redis.call('HGET', payment_key, 'unsettled') or nil
  if not string.find(refund.history, 'other:unknown.', 1, true) then figure = 0 end
  return dispute(source)
end
return { 'settled', id, text, before }
