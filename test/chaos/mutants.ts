import type { Edit } from './build.ts'

/** A gateway that is broken on purpose, in a way that the run is to notice. */
export type Mutant = Readonly<{
  name: string
  edits: readonly Edit[]
  /** A test file that is to notice it, where no run can: it takes a setting, a machine or a start that a run has not. */
  test?: string
}>

const BEGIN = 'store/lua/begin.lua'
const SETTLE = 'store/lua/settle.lua'
const LEDGER = 'store/lua/ledger.lua'
const FLOW = 'refunds/request-refund.ts'
const RECONCILER = 'refunds/reconciler.ts'
const OUTCOME = 'cookiepay/outcome.ts'
const EXCHANGE = 'cookiepay/exchange.ts'
const CLIENT = 'cookiepay/client.ts'

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'begin does not look at what remains',
    edits: [
      {
        file: BEGIN,
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
        find: "refund.booked = ledger.last_number, '-'\n  count(ledger, refund, 1)\n",
        replace: "refund.booked = ledger.last_number, '-'\n",
      },
    ],
  },
  {
    name: 'begin does not count what is unsettled',
    edits: [
      { file: BEGIN, find: 'if asks_for_everything and unsettled then', replace: 'if false then' },
      {
        file: BEGIN,
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
        replace: `    const early = await cancel(
      { merchant, tid: body.tid, reason: body.reason, kind: 'partial', amount: body.amount ?? body.payment.amount, taxFreeAmount: undefined, refundAccount: body.refund_account, leaseLeft: () => intent.leaseMs },
      authorization.token,
    )
    cancel = async () => early
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
        find: '  try {\n    return await settle()\n',
        replace:
          '  try {\n    setTimeout(() => void settle().catch(() => {}), 20)\n    return locally(begun, settlement)\n',
      },
    ],
  },
  {
    name: 'a call that timed out counts as not sent',
    edits: [
      {
        file: EXCHANGE,
        find: 'controller === undefined\n',
        replace: 'controller === undefined || status === 0\n',
      },
    ],
  },
  {
    name: 'the transport sends once more what was not answered',
    edits: [
      {
        file: CLIENT,
        find: "const seen = kind === 'cancel' ? await line.cancels.exchange(post) : await exchange(line.others, post)\n",
        replace:
          "const send = () => (kind === 'cancel' ? line.cancels.exchange(post) : exchange(line.others, post))\n",
      },
      {
        file: CLIENT,
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
        file: 'refunds/fingerprint.ts',
        find: 'return expected.length === actual.length && timingSafeEqual(expected, actual)',
        replace: 'return expected.length > 0 && actual.length > 0',
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
]
