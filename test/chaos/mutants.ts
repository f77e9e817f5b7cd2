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
const SETTLE = 'store/lua/settle.lua'
const LEDGER = 'store/lua/shared/ledger.lua'
const FLOW = 'refunds/flows/request-refund.ts'
const RECONCILER = 'refunds/jobs/settle-unknown.ts'
const OUTCOME = 'cookiepay/cancel-outcome.ts'
const EXCHANGE = 'cookiepay/exchange.ts'
const CLIENT = 'cookiepay/client.ts'
const LINE = 'cookiepay/account-line.ts'
const MESSAGES = 'cookiepay/messages.ts'
const VERDICT = 'cookiepay/judge-words.ts'
const DURABILITY = 'store/redis/durability.ts'

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
      {
        file: 'store/lua/shared/unresolved-beside.lua',
        find: 'if unsettled and asks_for_everything(ledger, amount) then',
        replace: 'if false then',
      },
      {
        file: MAY_BEGIN,
        find: 'local used = ledger.refunded + ledger.in_flight + ledger.unknown + ledger.disputed',
        replace: 'local used = ledger.refunded',
      },
    ],
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
        find: '    const begun = await begin(parts, intent, timings.startedAt)\n',
        replace: `    const { body } = command
    const early = await place.cancel(
      { merchant, tid: body.tid, reason: body.reason, kind: 'partial', amount: body.amount ?? body.payment.amount, taxFreeAmount: undefined, refundAccount: body.refund_account, leaseLeft: () => intent.leaseMs },
      authorization.token,
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
        file: FLOW,
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
        find: "const seen = kind === 'cancel' ? await cancels.exchange(post) : await exchange(others, post)\n",
        replace: "const send = () => (kind === 'cancel' ? cancels.exchange(post) : exchange(others, post))\n",
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
        find: "elseif refund.status ~= 'processing' and refund.status ~= 'unknown' then",
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
        find: "if refund.status ~= 'processing' or now < refund.lease_until then return end",
        replace: 'if now then return end',
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
        file: FLOW,
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
        find: '{ name, merchant: merchantOf(id), pg,',
        replace: '{ name, merchant: merchantOf(id + name), pg,',
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
]
