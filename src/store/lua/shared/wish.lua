-- What is wished of a payment: all that the decision on a refund is made by, beside the payment itself.
--
-- ARGV[1] how it was paid, ARGV[2] what was paid, ARGV[3] the tax-free part of that or ''
-- ARGV[4] the refund's amount, '' for everything that remains, ARGV[5] its tax-free part or '', ARGV[6] '1' where it may
-- be a partial one, ARGV[7] its reference or '', ARGV[8] what is taken to remain or '', ARGV[9] the refund of the same
-- amount that is known of or '', ARGV[10] for how long a succeeded one counts against another of its amount, 0 where none
-- ever does, ARGV[11] the shortest time between two cancels of the payment, both in milliseconds

local wish = {
  payment = { method = ARGV[1], amount = tonumber(ARGV[2]), tax_free = tonumber(ARGV[3]) or '-' },
  amount = tonumber(ARGV[4]), tax_free = tonumber(ARGV[5]), partial_allowed = ARGV[6] == '1',
  reference = ARGV[7] ~= '' and ARGV[7] or nil, expected_remaining = tonumber(ARGV[8]), duplicate_of = ARGV[9],
  duplicate_window_ms = tonumber(ARGV[10]), spacing_ms = tonumber(ARGV[11]),
}
