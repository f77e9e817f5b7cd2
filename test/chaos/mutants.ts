import type { Edit } from '../support/build-copy.ts'

/** A gateway that is broken on purpose, in a way that the run is to notice. */
export type Mutant = Readonly<{
  name: string
  edits: readonly Edit[]
  /** A test file that is to notice it, where no run can: it takes a setting, a machine or a start that a run has not. */
  test?: string
}>

const BEGIN = 'store/lua/begin.lua'
const MAY_BEGIN = 'store/lua/shared/may-begin.lua'
const FITS = 'store/lua/shared/amount-fits.lua'
const DUPLICATES = 'store/lua/shared/duplicates.lua'
const REMEMBERED = 'store/lua/shared/references-and-amounts.lua'
const BESIDE = 'store/lua/shared/unresolved-beside.lua'
const MAY_BEGIN_TEST = 'test/store/what-may-begin.test.ts'
const NOTIFIED = 'refunds/rules/match-notifications.ts'
const NOTIFIED_TEST = 'test/refunds/rules/match-notifications.test.ts'
const SETTLE = 'store/lua/settle.lua'
const LEDGER = 'store/lua/shared/ledger.lua'
const FLOW = 'refunds/flows/request-refund.ts'
const RECORD = 'refunds/flows/record-outcome.ts'
const RECONCILER = 'refunds/jobs/settle-unknown.ts'
const DEPOSIT = 'refunds/flows/request-deposit.ts'
const OUTCOME = 'cookiepay/cancel-outcome.ts'
const EXCHANGE = 'cookiepay/exchange.ts'
const CLIENT = 'cookiepay/client.ts'
const LINE = 'cookiepay/account-line.ts'
const MESSAGES = 'cookiepay/messages.ts'
const VERDICT = 'cookiepay/judge-words.ts'
const FACTS = 'refunds/rules/payment-facts.ts'
const VERIFY = 'refunds/flows/verify-payment.ts'
const JOURNAL_TEST = 'test/store/journal.test.ts'
const DURABILITY = 'store/redis/durability.ts'
const COURIER = 'webhooks/courier.ts'
const TAKE_EVENTS = 'store/lua/take-events.lua'

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'begin does not look at what remains',
    edits: [
      {
        file: FITS,
        find: 'if remaining == 0 or amount > remaining then',
        replace: 'if amount > ledger.amount then',
      },
    ],
  },
  {
    name: 'begin reserves nothing',
    edits: [
      {
        file: LEDGER,
        find: "refund.booked = ledger.last_number, '-'\n  count_refund(ledger, refund, 1)\n",
        replace: "refund.booked = ledger.last_number, '-'\n",
      },
    ],
  },
  {
    name: 'begin does not count what is unsettled',
    edits: [
      { file: MAY_BEGIN, find: 'if seen.in_flight then', replace: 'if false then' },
      { file: BESIDE, find: 'if not seen.uncertain then return nil end', replace: 'do return nil end' },
      {
        file: LEDGER,
        find: 'local used = ledger.refunded + ledger.in_flight + ledger.unknown + ledger.awaiting_deposit + ledger.disputed',
        replace: 'local used = ledger.refunded',
      },
    ],
  },
  {
    name: 'a booking is not counted',
    edits: [
      {
        file: LEDGER,
        find: 'ledger.awaiting_deposit + ledger.disputed\n    + ledger.outside\n',
        replace: 'ledger.awaiting_deposit + ledger.disputed\n',
      },
    ],
    test: 'test/store/refund-store.test.ts',
  },
  {
    name: 'an ambiguous notification settles',
    edits: [
      {
        file: NOTIFIED,
        find: 'const isCertain = isEachNotified || standing.every(isSettled)',
        replace: 'const isCertain = isEachNotified || standing.length > 0',
      },
    ],
    test: NOTIFIED_TEST,
  },
  {
    name: 'a notification settles without its amount',
    edits: [
      {
        file: NOTIFIED,
        find: 'cause.type === type && cause.amounts.includes(amount))',
        replace: 'cause.type === type && amount > 0)',
      },
      {
        file: NOTIFIED,
        find: 'cause.type === type && cause.amounts.includes(amount) && limitOf',
        replace: 'cause.type === type && amount > 0 && limitOf',
      },
    ],
    test: NOTIFIED_TEST,
  },
  {
    name: 'two cancels of a payment may be under way at once',
    edits: [{ file: MAY_BEGIN, find: 'if seen.in_flight then', replace: 'if false then' }],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'no spacing is kept between two cancels of a payment',
    edits: [
      {
        file: 'store/lua/shared/spacing.lua',
        find: 'return math.max(0, math.min(left, wish.spacing_ms))',
        replace: 'return 0',
      },
    ],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'who finds a payment busy may not ask again',
    edits: [{ file: BEGIN, find: "if refusal[1] ~= 'payment_busy' then", replace: 'if true then' }],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'the entry of an attempt that waits leaves the index of what it then begins',
    edits: [
      {
        file: 'store/refund-store.ts',
        find: "if (begun.result === 'payment_busy') return begun",
        replace: "if (begun.result === ('busy' as string)) return begun",
      },
    ],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'a reference is free while its refund is unsettled',
    edits: [
      {
        file: DUPLICATES,
        find: "if other and other.status ~= 'failed' then return other end",
        replace: "if other and other.status == 'succeeded' then return other end",
      },
    ],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'what failed and was made has lost its reference',
    edits: [
      {
        file: SETTLE,
        find: 'if reference then hold_reference(',
        replace: 'if false then hold_reference(',
      },
    ],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'what was not sent keeps its reference',
    edits: [{ file: 'store/lua/release.lua', find: '  forget_known(refund)\n', replace: '' }],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'an unsettled amount counts for no longer than the window',
    edits: [
      {
        file: DUPLICATES,
        find: "if other.status ~= 'succeeded' or now",
        replace: 'if now',
      },
    ],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'any refund of the amount will do as the one that is known of',
    edits: [
      {
        file: DUPLICATES,
        find: 'if other and other.id == wish.duplicate_of then return nil end',
        replace: "if other and wish.duplicate_of ~= '' then return nil end",
      },
    ],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'a payment remembers every amount',
    edits: [{ file: REMEMBERED, find: 'if noted > MOST_RECENT then', replace: 'if false then' }],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'what was verified of other facts is taken for these',
    edits: [{ file: BEGIN, find: 'elseif decision.is_restated then', replace: 'elseif false then' }],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'what remains is not compared with what the caller takes to remain',
    edits: [
      {
        file: MAY_BEGIN,
        find: 'if wish.expected_remaining and wish.expected_remaining ~= remaining then',
        replace: 'if false then',
      },
    ],
    test: MAY_BEGIN_TEST,
  },
  {
    name: 'what is unknown is sent again',
    edits: [
      {
        file: FLOW,
        find: 'if (stored !== null) return replayUnder(parts, checked, { claim, stored })',
        replace:
          "if (stored !== null && stored.refund.status !== 'unknown') return replayUnder(parts, checked, { claim, stored })",
      },
      {
        file: BEGIN,
        find: 'if existing then\n',
        replace: "if existing and existing.status ~= 'unknown' then\n",
      },
    ],
  },
  {
    name: 'a refund whose lease is over is sent again',
    edits: [
      {
        file: FLOW,
        find: 'if (stored !== null) return replayUnder(parts, checked, { claim, stored })',
        replace:
          "if (stored !== null && stored.history[0]?.cause !== 'lease') return replayUnder(parts, checked, { claim, stored })",
      },
      {
        file: BEGIN,
        find: 'if existing then\n',
        replace: "if existing and not string.find(existing.history, 'lease', 1, true) then\n",
      },
    ],
  },
  {
    name: 'the call goes out before the intent is written',
    edits: [
      {
        file: FLOW,
        find: '      const begun = await begin(parts, intent, timings.startedAt)\n',
        replace: `    const { body } = command
    const early = await place.cancel(
      { merchant, tid: body.tid, reason: body.reason, kind: 'partial', amount: body.amount ?? body.payment.amount, taxFreeAmount: undefined, refundAccount: body.refund_account, leaseLeft: () => intent.leaseMs },
      token,
    )
    place.cancel = async () => early
      const begun = await begin(parts, intent, timings.startedAt)
`,
      },
    ],
  },
  {
    name: 'the answer goes out before the outcome is stored',
    edits: [
      {
        file: RECORD,
        find: '  try {\n    return await write()\n',
        replace:
          '  try {\n    setTimeout(() => void write().catch(() => {}), 20)\n    return asStored(begun, settlement, now())\n',
      },
    ],
  },
  {
    name: 'a call that timed out counts as not sent',
    edits: [
      {
        file: EXCHANGE,
        find: 'controller === undefined ? notSent(reason)',
        replace: 'controller === undefined || status === 0 ? notSent(reason)',
      },
    ],
  },
  {
    name: 'the transport sends once more what was not answered',
    edits: [
      {
        file: LINE,
        find: 'const seen = ONCE.has(kind) ? await once.exchange(post) : await exchange(pool, post)\n',
        replace: 'const send = () => (ONCE.has(kind) ? once.exchange(post) : exchange(pool, post))\n',
      },
      {
        file: LINE,
        find: '    const outcome = classify(seen)\n',
        replace:
          "    let seen = await send()\n    if (seen.seen === 'no_answer') seen = await send()\n    const outcome = classify(seen)\n",
      },
    ],
  },
  {
    name: 'an error of the provider counts as declined',
    edits: [
      {
        file: OUTCOME,
        find: 'if (status < 200 || status > 299) return unknown(',
        replace:
          "if (status > 299) return { outcome: 'failed', code: 'provider_declined', provider: answer, detail: '' }\n  if (status < 200) return unknown(",
      },
    ],
  },
  {
    name: 'ambiguous wordings count as declined',
    edits: [
      {
        file: OUTCOME,
        find: "case 'ambiguous':\n      return unknown(",
        replace:
          "case 'ambiguous':\n      if (answer !== null) return failed('provider_declined', said)\n      return unknown(",
      },
    ],
  },
  {
    name: 'a lookup without a cancel counts as failed',
    edits: [
      {
        file: RECONCILER,
        find: "  if (found.outcome === 'inconclusive') {\n    return parts.store.lookAgain(unsettled, pauseMs(parts, stored))\n  }\n",
        replace: `  if (found.outcome === 'inconclusive') {
    const failure = { code: 'provider_declined', detail: 'not found' } as const
    await parts.store.settle(stored, { status: 'failed', provider: null, refunded_at: null, failure, resolution: null, bookedAmount: null })
    return
  }
`,
      },
    ],
  },
  {
    name: 'every request has an id of its own',
    edits: [
      {
        file: FLOW,
        find: 'id: refundId(command.caller, command.idempotencyKey),',
        replace: 'id: refundId(command.caller, command.idempotencyKey + String(Math.random())),',
      },
    ],
  },
  {
    name: 'the fingerprint is not compared',
    edits: [
      {
        file: 'refunds/flows/replay.ts',
        find: 'return stored === fingerprint ||',
        replace: 'return stored.length > 0 ||',
      },
    ],
  },
  {
    name: 'settle overrules what is settled',
    edits: [
      {
        file: SETTLE,
        find: "elseif refund.status ~= 'processing' and refund.status ~= 'unknown' and not is_paid_in then",
        replace: 'elseif false then',
      },
    ],
  },
  {
    name: 'settle leaves the ledger as it is',
    edits: [
      {
        file: SETTLE,
        find: 'write_ledger(ledger)\nlocal text = write_refund(refund)\n',
        replace: 'local text = write_refund(refund)\n',
      },
    ],
  },
  {
    name: 'settle leaves the payment unsettled',
    edits: [
      {
        file: SETTLE,
        find: "if status ~= 'unknown' then leave_unsettled(unsettled, id, retention_ms) end\n",
        replace: '',
      },
    ],
  },
  {
    name: "the ledger takes what was asked for the provider's figure",
    edits: [
      {
        file: SETTLE,
        find: 'local figure = booked or asked',
        replace: 'local figure = asked',
      },
    ],
  },
  {
    name: 'an unknown refund holds no money back',
    edits: [
      {
        file: LEDGER,
        find: "unknown = 'unknown', succeeded = 'refunded'",
        replace: "succeeded = 'refunded'",
      },
    ],
  },
  {
    name: 'no lease ever ends',
    edits: [
      {
        file: LEDGER,
        find: "if refund.status ~= 'processing' or now < refund.lease_until then return false end",
        replace: 'if now then return false end',
      },
    ],
  },
  {
    name: 'any RTN_CD counts as a refused token',
    edits: [
      {
        file: 'cookiepay/token-answer.ts',
        find: 'return speaksOfCredentials(code.trim(), message)',
        replace: 'return true',
      },
    ],
  },
  {
    name: 'a decline that nobody knows counts as one',
    edits: [
      { file: VERDICT, find: "rowOf('not_known', 'none', '-')", replace: "rowOf('declined', 'none', '-')" },
    ],
  },
  {
    name: 'a full cancel goes without its amount',
    edits: [
      {
        file: MESSAGES,
        find: "kind === 'full' && fullCancel === 'without_amount' ? undefined",
        replace: "kind === 'full' ? undefined",
      },
    ],
  },
  {
    name: 'a lookup is believed whatever its date',
    edits: [
      {
        file: 'cookiepay/lookup.ts',
        find: 'cancelledAt < requestedAt - EARLIEST_BEFORE_MS || cancelledAt > now',
        replace: 'cancelledAt > now',
      },
    ],
    test: 'test/cookiepay/lookup.test.ts',
  },
  {
    name: 'another amount than the provider has is let through',
    edits: [{ file: FACTS, find: 'amount !== null && amount !== payment.amount', replace: 'false' }],
    test: 'test/refunds/rules/payment-facts.test.ts',
  },
  {
    name: 'another method than the provider has is let through',
    edits: [{ file: FACTS, find: 'methods !== null && !methods.includes(payment.method)', replace: 'false' }],
    test: 'test/refunds/rules/payment-facts.test.ts',
  },
  {
    name: 'a row without an amount verifies a payment',
    edits: [{ file: VERIFY, find: 'return showsPayment(seen.facts)', replace: 'return seen.facts' }],
    test: 'test/refunds/flows/verify-payment.test.ts',
  },
  {
    name: 'what must be seen and was not is let through',
    edits: [{ file: VERIFY, find: "return mode === 'verify' ?", replace: 'return mode ?' }],
    test: 'test/refunds/flows/verify-payment.test.ts',
  },
  {
    name: 'a payment is looked up by everyone who asks',
    edits: [{ file: VERIFY, find: 'if (other !== undefined) return other', replace: '' }],
    test: 'test/refunds/flows/verify-payment.test.ts',
  },
  {
    name: 'a ledger with other facts settles a stated payment',
    edits: [
      {
        file: VERIFY,
        find: 'if (ledger.method !== method || ledger.amount !== amount) return false',
        replace: 'if (method === undefined || amount === undefined) return false',
      },
    ],
    test: 'test/refunds/flows/verify-payment.test.ts',
  },
  {
    name: 'a repeat that waits is told what its own refund leaves',
    edits: [
      {
        file: FLOW,
        find: 'return giveUpUnlessMade(parts, checked, { attempt: intent, refusal })',
        replace: 'return giveUp(parts, intent, refusal)',
      },
    ],
    test: 'test/refunds/flows/request-refund.test.ts',
  },
  {
    name: 'a payment that contradicts its row keeps the key',
    edits: [
      {
        file: FLOW,
        find: 'return giveUpUnlessMade(parts, checked, { attempt: own, refusal: seen.refusal })',
        replace: 'return refused(seen.refusal)',
      },
    ],
    test: 'test/e2e/payment-lookup.test.ts',
  },
  {
    name: 'a lookup takes as long as its calls together',
    edits: [
      {
        file: 'cookiepay/lookup-calls.ts',
        find: 'await Promise.race([found, tooLate])',
        replace: 'await Promise.race([found])',
      },
      {
        file: 'cookiepay/lookup-calls.ts',
        find: 'timeLeftMs: () => Math.ceil(endsAt - performance.now())',
        replace: 'timeLeftMs: () => timeoutMs',
      },
    ],
    test: 'test/cookiepay/payment-facts.test.ts',
  },
  {
    name: "KakaoPay's row stands for any card",
    edits: [
      {
        file: 'cookiepay/payment-facts.ts',
        find: "isKakao ? ['easy_pay'] : (known ?? null)",
        replace: 'isKakao ? (known ?? null) : (known ?? null)',
      },
    ],
    test: 'test/cookiepay/payment-facts.test.ts',
  },
  {
    name: 'an easy payment is refunded in part',
    edits: [
      {
        file: 'refunds/rules/eligibility.ts',
        find: "easy_pay: { full: 'every PG', partial: false }",
        replace: "easy_pay: { full: 'every PG', partial: true }",
      },
    ],
    test: 'test/refunds/rules/eligibility.test.ts',
  },
  {
    name: 'nobody looks whether the store has gone back',
    edits: [
      {
        file: 'store/lua/raise-mark.lua',
        find: 'if remembered > void_until and score < remembered then',
        replace: 'if false then',
      },
    ],
  },
  {
    name: 'what the store forgot in mid-call is not written back',
    edits: [
      {
        file: RECORD,
        find: "    if (settled.result === 'lost') {\n      const keepsKey",
        replace:
          "    if (settled.result === 'lost') return asStored(begun, settlement, now())\n    if (settled.result === ('lost' as string)) {\n      const keepsKey",
      },
    ],
    test: 'test/faults/redis-away-or-frozen.test.ts',
  },
  {
    name: 'an append-only file counts before it is written',
    edits: [
      {
        file: DURABILITY,
        find: 'const isComplete = isOn && (!isRewriting || complete.has(run))',
        replace: 'const isComplete = isOn || isRewriting || complete.has(run)',
      },
    ],
    test: 'test/store/redis/durability.test.ts',
  },
  {
    name: 'syncs may stop while the file is rewritten',
    edits: [
      {
        file: DURABILITY,
        find: "return settings.appendfsync === 'always' && settings['no-appendfsync-on-rewrite'] === 'no'",
        replace: "return settings.appendfsync === 'always'",
      },
      {
        file: DURABILITY,
        find: '  // With it nothing is synced while a rewrite runs, and so nothing could be stored.\n',
        replace: '  if (pause !== undefined) return []\n',
      },
    ],
    test: 'test/store/redis/durability.test.ts',
  },
  {
    name: 'a directory is not locked',
    edits: [
      {
        file: 'store/redis/private-redis-process.ts',
        find: 'then lock() { flock -n 9; }',
        replace: 'then lock() { true; }',
      },
    ],
    test: 'test/store/redis/private-redis.test.ts',
  },
  {
    name: 'any STORE_SECRETS will do',
    edits: [
      {
        file: 'store/lua/meet-terms.lua',
        find: "if not is_known then broken[#broken + 1] = 'secrets' end",
        replace: 'is_known = true',
      },
    ],
    test: 'test/faults/store-past.test.ts',
  },
  {
    name: 'a ledger goes by the name of an account',
    edits: [
      {
        file: 'process/live-settings.ts',
        find: 'const merchant = merchantOf(id)\n',
        replace: 'const merchant = merchantOf(id + name)\n',
      },
      {
        file: CLIENT,
        find: 'options.accounts.map((account) => [merchantOf(account.id), openLine(account)])',
        replace:
          'options.accounts.map((account) => [merchantOf(account.id + account.name), openLine(account)])',
      },
    ],
    test: 'test/e2e/secrets-rotated.test.ts',
  },
  {
    name: 'a late success leaves failed what has failed',
    edits: [
      {
        file: SETTLE,
        find: "if status == 'succeeded' and refund.status ~= 'succeeded' then return dispute(source) end",
        replace: '',
      },
    ],
    test: 'test/refunds/jobs/settle-unknown.test.ts',
  },
  {
    name: 'a lease is not looked at where the call is written',
    edits: [
      {
        file: EXCHANGE,
        find: 'return restMs < 0 || (request.leaseLeft !== undefined && request.leaseLeft() < restMs)',
        replace: 'return restMs < 0',
      },
    ],
    test: 'test/cookiepay/exchange.test.ts',
  },
  {
    name: 'keys expire by the clock alone',
    edits: [
      {
        file: 'store/idempotency-keys.ts',
        find: 'const LEAST_CLAIM_MS = 24 * 3_600_000',
        replace: 'const LEAST_CLAIM_MS = 0',
      },
    ],
    test: 'test/store/refund-store.test.ts',
  },
  {
    name: 'a ledger may be forgotten within a day',
    edits: [
      {
        file: 'config/contradictions.ts',
        find: 'const SHORTEST_LEDGER_MS = 30 * DAY_MS',
        replace: 'const SHORTEST_LEDGER_MS = 0',
      },
    ],
    test: 'test/config/contradictions.test.ts',
  },
  {
    name: 'a full cancel that is refused for a part before counts as made',
    edits: [
      {
        file: VERDICT,
        find: "    certain('declined', 'partly cancelled', PARTLY_CANCELLED, text) ??\n",
        replace: '',
      },
    ],
    test: 'test/cookiepay/wordings.test.ts',
  },
  {
    name: 'of a member twice the last one counts',
    edits: [
      {
        file: MESSAGES,
        find: 'return countMembers(value) === countColons(body) ? value : undefined',
        replace: 'return countMembers(value) === countColons(body) ? value : value',
      },
    ],
    test: 'test/cookiepay/cancel-outcome.test.ts',
  },
  {
    name: 'requests for one payment are not kept in order',
    edits: [{ file: FLOW, find: 'if (!turns.take(payment)) {', replace: 'if (payment === attempt) {' }],
    test: 'test/refunds/flows/request-refund.test.ts',
  },
  {
    name: 'a key that another payload has is called free',
    edits: [
      {
        file: 'refunds/flows/replay.ts',
        find: 'return refused(isFree ? refusal : keyReused())',
        replace: 'return refused(isFree || claim ? refusal : keyReused())',
      },
    ],
    test: 'test/refunds/flows/request-refund.test.ts',
  },
  {
    name: 'who hangs up while it waits is refunded',
    edits: [
      {
        file: 'http/routes/hang-up.ts',
        find: "raw.once('close', () => controller.abort())",
        replace: "raw.once('never', () => controller.abort())",
      },
    ],
    test: 'test/e2e/guards.test.ts',
  },
  {
    name: 'no account keeps its spacing',
    edits: [
      {
        file: 'refunds/rules/intent.ts',
        find: 'spacingMs: account.spacingMs,',
        replace: 'spacingMs: account.spacingMs * 0,',
      },
    ],
    test: 'test/e2e/guards.test.ts',
  },
  {
    name: 'a limit of a day is not looked at',
    edits: [
      {
        file: 'store/lua/take-allowance.lua',
        find: 'if most_amount and amount + taken > most_amount then',
        replace: 'if most_amount and false then',
      },
    ],
    test: 'test/store/caller-limits.test.ts',
  },
  {
    name: 'what is taken twice under one token counts twice',
    edits: [
      {
        file: 'store/lua/take-allowance.lua',
        find: 'local own = tonumber(found[3] or nil)',
        replace: 'local own = nil',
      },
    ],
    test: 'test/store/caller-limits.test.ts',
  },
  {
    name: 'what is unknown is given back to its caller',
    edits: [
      {
        file: 'store/caller-limits.ts',
        find: "else if (refund.status === 'failed') await giveBack",
        replace: "else if (refund.status !== 'succeeded') await giveBack",
      },
    ],
    test: 'test/store/caller-limits.test.ts',
  },
  {
    name: 'what breaks a limit is begun',
    edits: [
      {
        file: 'refunds/flows/allowance.ts',
        find: "if (broken !== 'taken') return refuse(parts, intent, broken)",
        replace: "if (broken !== 'taken') return parts.store.begin(intent)",
      },
    ],
    test: 'test/refunds/flows/allowance.test.ts',
  },
  {
    name: 'the journal is written before the index entry leaves',
    edits: [
      {
        file: 'store/lua/leave-settled.lua',
        find: "redis.call('ZREM', KEYS[1], ARGV[index]) == 1 and changed_at then",
        replace: 'changed_at then',
      },
    ],
    test: JOURNAL_TEST,
  },
  {
    name: 'what an attempt enters once more is taken from it by who has read it before',
    edits: [
      {
        file: 'store/lua/leave-index.lua',
        find: 'if known_due and due and tonumber(due) ~= known_due then return 0 end',
        replace: '',
      },
    ],
    test: 'test/store/unsettled-index.test.ts',
  },
  {
    name: 'a booking under way is taken from the index by whoever thinks that it is due too late',
    edits: [
      {
        file: 'store/expire-leases.ts',
        find: 'if (isImpossible) await lookAgain(redis, { key, entry, delayMs: BOOKING_ATTEMPT_MS })\n    else await',
        replace: 'await',
      },
    ],
    test: 'test/store/unsettled-index.test.ts',
  },
  {
    name: 'what an attempt at a booking enters once more is taken from it by who has read it before',
    edits: [
      {
        file: 'store/lua/journal-booking.lua',
        find: 'if not booked_at and known_due and due and tonumber(due) ~= known_due then return 0 end',
        replace: '',
      },
    ],
    test: 'test/store/unsettled-index.test.ts',
  },
  {
    name: 'what leaves the index twice is journalled twice',
    edits: [
      {
        file: 'store/lua/leave-settled.lua',
        find: 'if last and tonumber(last) >= tonumber(ARGV[2]) then return 0 end',
        replace: '',
      },
    ],
    test: JOURNAL_TEST,
  },
  {
    name: 'what settled a while ago is journalled by whoever comes late, too',
    edits: [
      {
        file: 'store/lua/leave-settled.lua',
        find: 'changed_at and changed_at < journal_now - SETTLED_JUST_NOW_MS',
        replace: 'false',
      },
    ],
    test: JOURNAL_TEST,
  },
  {
    name: 'the index entry leaves without the journal',
    edits: [
      {
        file: 'store/unsettled-leaving.ts',
        find: 'journalled: journalledAs(stored) }',
        replace: 'journalled: null }',
      },
    ],
    test: JOURNAL_TEST,
  },
  {
    name: 'what settles late is not looked at if its process dies',
    edits: [
      {
        file: 'store/refund-store.ts',
        find: 'isInLease ? null : await index.watch(stored)',
        replace: 'null',
      },
    ],
    test: JOURNAL_TEST,
  },
  {
    name: 'an event is acknowledged before it is delivered',
    edits: [
      {
        file: COURIER,
        find: '  const sent = await sender.send(',
        replace: '  acknowledge(event)\n  const sent = await sender.send(',
      },
    ],
  },
  {
    name: 'an event is with two processes at once',
    edits: [{ file: TAKE_EVENTS, find: 'is_due = idle >= left_behind', replace: 'is_due = true' }],
    test: 'test/store/event-queue.test.ts',
  },
  {
    name: 'what a process that died has taken is nobody’s',
    edits: [{ file: TAKE_EVENTS, find: 'is_due = idle >= left_behind', replace: 'is_due = false' }],
    test: 'test/e2e/events.test.ts',
  },
  {
    name: 'an event that failed is not tried again',
    edits: [
      {
        file: COURIER,
        find: '} else await queue.putBack(endpoint.name, event, { isUntried: false })',
        replace: '} else acknowledge(event)',
      },
    ],
  },
  {
    name: 'an endpoint gets what happens from when its groups are made',
    edits: [{ file: 'store/event-queue.ts', find: ': idBefore(since)', replace: ": '$'" }],
    test: 'test/store/event-queue.test.ts',
  },
  {
    name: 'a name may lead further inwards than it did',
    edits: [
      {
        file: 'webhooks/guarded-lookup.ts',
        find: 'if (INWARDNESS[found] > INWARDNESS[known]) {',
        replace: 'if (found === known && known !== found) {',
      },
    ],
    test: 'test/webhooks/guarded-lookup.test.ts',
  },
  {
    name: 'a refusal is told before its claim is abandoned',
    edits: [
      {
        file: FLOW,
        find: 'return refused(isAbandoned ? refusal : inProgress())',
        replace: 'return refused(refusal)',
      },
    ],
    test: 'test/refunds/flows/request-refund.test.ts',
  },
  {
    name: 'who has read a refund before it changed takes it out of the index',
    edits: [
      {
        file: 'store/lua/journal-changes.lua',
        find: 'if told < journalled then return OUTDATED end',
        replace: '',
      },
    ],
    test: JOURNAL_TEST,
  },
  {
    name: 'a deposit that is paid after its refund was called failed means nothing',
    edits: [
      {
        file: 'refunds/rules/match-notifications.ts',
        find: '|| isPayable(refund)',
        replace: '',
      },
    ],
    test: 'test/refunds/rules/match-notifications.test.ts',
  },
  {
    name: 'an attempt at a booking that was refused books it later',
    edits: [
      {
        file: 'store/lua/book-outside.lua',
        find: 'if refused then return cjson.decode(refused) end',
        replace: '',
      },
    ],
    test: 'test/store/book-outside.test.ts',
  },
  {
    name: 'the deposit is asked for before the intent',
    edits: [
      {
        file: DEPOSIT,
        find: 'const awaited = await awaitDeposit(parts, asking)',
        replace: `const { merchant, refund: asked } = { ...stored, refund: stored.refund }
  const early = { merchant, tid: asked.tid, reason: asked.reason, amount: asked.amount, leaseLeft: () => 1e9 }
  await parts.provider.askForDeposit(early, token)
  const awaited = await awaitDeposit(parts, asking)`,
      },
    ],
    test: 'test/e2e/deposits.test.ts',
  },
  {
    name: 'an awaiting refund does not hold its amount',
    edits: [
      {
        file: LEDGER,
        find: " awaiting_deposit = 'awaiting_deposit',\n  disputed",
        replace: '\n  disputed',
      },
    ],
    test: 'test/e2e/deposits.test.ts',
  },
  {
    name: 'a deposit is asked for again before it has expired',
    edits: [
      {
        file: 'refunds/rules/deposit.ts',
        find: 'return lacksDeposit || isOver(stored, { account, now })',
        replace: 'return lacksDeposit || true',
      },
    ],
    test: 'test/e2e/deposits.test.ts',
  },
  {
    name: 'a deposit that was not asked for is awaited',
    edits: [
      {
        file: DEPOSIT,
        find: "if (outcome.outcome === 'not_sent') {\n    await undo(parts, asking)",
        replace: "if (outcome.outcome === 'not_sent') {",
      },
    ],
    test: 'test/e2e/deposits.test.ts',
  },
  {
    name: 'of two who ask for a deposit at once, each is granted it',
    edits: [
      {
        file: 'store/lua/await-deposit.lua',
        find: 'refund.status == seen_status and refund.updated_at == seen_at',
        replace: 'true',
      },
    ],
  },
  {
    name: 'an asking that was undone awaits its deposit when it arrives late',
    edits: [
      {
        file: 'store/lua/await-deposit.lua',
        find: "redis.call('EXISTS', abandoned_key) == 1",
        replace: 'false',
      },
    ],
    test: 'test/store/refund-store.test.ts',
  },
  {
    name: 'an asking that was refused awaits its deposit when it arrives late',
    edits: [
      {
        file: 'store/refund-store.ts',
        find: 'find then what it did not find now.\n    await undoAsking(parts, asking)',
        replace: 'find then what it did not find now.\n    await leaveAsking(parts, asking)',
      },
    ],
    test: 'test/store/refund-store.test.ts',
  },
  {
    name: 'an export has a refund at each of its changes',
    edits: [
      {
        file: 'refunds/flows/changed-refunds.ts',
        find: 'number === refundChanges(stored).length && (caller',
        replace: 'number <= refundChanges(stored).length && (caller',
      },
    ],
  },
]
