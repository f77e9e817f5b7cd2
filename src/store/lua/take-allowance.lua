-- Counts a refund in its caller's allowance of a day, unless a limit would be broken by it: then nothing is taken. What
-- this attempt has taken before counts no more, so that the same command may be sent again, or another amount taken.
--
-- KEYS[1] allowance: a hash with the sums `amount` and `refunds`, and the amount of each attempt that may still be given
-- back, at its token
-- ARGV[1] attempt, ARGV[2] amount, ARGV[3] most KRW of the day or '', ARGV[4] most refunds of the day or '',
-- ARGV[5] for how long the day is remembered, in milliseconds
-- Returns {'taken'} or {'exceeded', name of the limit, what others have taken of it}.

local attempt, taken = ARGV[1], tonumber(ARGV[2])
local most_amount, most_refunds = tonumber(ARGV[3]), tonumber(ARGV[4])

local found = redis.call('HMGET', KEYS[1], 'amount', 'refunds', attempt)
local own = tonumber(found[3] or nil)
local amount = tonumber(found[1] or 0) - (own or 0)
local refunds = tonumber(found[2] or 0) - (own and 1 or 0)

local function text(number) return string.format('%.0f', number) end

if most_amount and amount + taken > most_amount then return { 'exceeded', 'max_amount_per_day', text(amount) } end
if most_refunds and refunds + 1 > most_refunds then return { 'exceeded', 'max_refunds_per_day', text(refunds) } end

redis.call('HSET', KEYS[1], 'amount', text(amount + taken), 'refunds', text(refunds + 1), attempt, text(taken))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return { 'taken' }
