import { setTimeout as sleep } from 'node:timers/promises'
import type { PaymentMethod } from '../../src/refunds/payment.ts'
import type { Caller } from './caller.ts'
import { accountOf, faultOf, type KeyHistory, type Payload, paidAmount, type Told } from './histories.ts'
import type { Payer } from './payer.ts'
import type { Random } from './random.ts'

/** What a story is played with. */
export type Stage = Readonly<{
  caller: Caller
  random: Random
  gateways: number
  /** Of a payment of its own; of any fault where none is said. */
  newTid(random: Random, fault?: string): string
  payer: Payer
}>

/** How callers use the gateway, well or badly; `keys` is about how many keys it opens, for pacing. */
export type Story = Readonly<{ weight: number; keys: number; play(stage: Stage): Promise<unknown> }>

/** Parts are multiples of this, and payments are not: so no two refunds of a payment have the same amount. */
const PART = 250
const ODD = 7

/** How often a tid asks for each of the sandbox's faults. A fifth of the calls or so end unknown. */
const FAULTS: readonly (readonly [weight: number, fault: string])[] = [
  [30, 'order'],
  [30, 'delay'],
  [4, 'mismatch'],
  [4, 'badtoken'],
  [4, 'declined'],
  [2, 'cancelled'],
  [2, 'deposited'],
  [1, 'nevertoken'],
  [3, 'late'],
  [3, 'reset'],
  [3, 'error500'],
  [3, 'busy'],
  [4, 'open'],
  [4, 'unheard'],
  [3, 'envelope'],
  [2, 'slow'],
  [2, 'timeout'],
  [2, 'hang'],
  [2, 'html'],
  [2, 'empty'],
  [2, 'truncated'],
  [1, 'trickle'],
  [2, 'keyin'],
]

const LONGEST_DELAY_MS = 350

/** Tids that no other payment of the run has. */
export function createTids(): Stage['newTid'] {
  let count = 0
  return (random, fault = random.weighted(FAULTS)) => {
    const name = fault === 'delay' ? `delay${random.integer(10, LONGEST_DELAY_MS)}` : fault
    const amount = random.integer(40, 390) * PART + ODD
    count += 1
    return `${name}-${count.toString(36).padStart(4, '0')}-${amount}`
  }
}

type Body = Omit<Payload, 'metadata'>

function refundOf(tid: string, amount?: number, method: PaymentMethod = shownMethod(tid)): Body {
  return {
    account: accountOf(tid),
    tid,
    reason: '고객 변심',
    payment: { method, amount: paidAmount(tid) },
    ...(amount !== undefined && { amount }),
    ...(method === 'virtual_account' && {
      refund_account: { bank: '20', account_no: '1002345678901', account_name: '홍길동' },
    }),
  }
}

/** What lookups show of these payments; of all others `card_auth`. */
const METHODS: Readonly<Record<string, PaymentMethod>> = {
  keyin: 'card_keyin',
  billing: 'card_billing',
  bank: 'bank_transfer',
  vacct: 'virtual_account',
}

/** How it was paid, as lookups show it. */
export function shownMethod(tid: string): PaymentMethod {
  return METHODS[faultOf(tid)] ?? 'card_auth'
}

const MISTAKEN = 0.03

/** A payment that may be of a kind which is refunded in full only. */
function newWholeTid({ random, newTid }: Stage): string {
  return random.chance(0.3)
    ? newTid(random, random.pick(['keyin', 'billing', 'bank', 'vacct']))
    : newTid(random)
}

/** Everything that was paid, said or left unsaid; seldom with another method than lookups show. */
function everything(tid: string, random: Random): Body {
  const method = random.chance(MISTAKEN)
    ? random.pick(['card_auth', 'card_keyin', 'card_billing', 'bank_transfer', ...tossMethods(tid)])
    : shownMethod(tid)
  return refundOf(tid, random.chance(0.3) ? paidAmount(tid) : undefined, method)
}

/** Of virtual accounts it is Toss's payments alone that can be refunded. */
function tossMethods(tid: string): 'virtual_account'[] {
  return accountOf(tid) === 'toss' ? ['virtual_account'] : []
}

/** A part of the payment, from `least` to `most` tenths of it. */
function part(tid: string, random: Random, least: number, most: number): number {
  const parts = Math.floor(paidAmount(tid) / PART)
  return random.integer(Math.ceil((parts * least) / 10), Math.floor((parts * most) / 10)) * PART
}

const hasEnded = ({ status, retry }: Told) =>
  status === 201 || status === 403 || (status === 422 && retry !== 'fix_request')

const MOST_RENEWALS = 3

/** What such a caller meets: declines, and whatever might be taken for one. */
const RENEWED_FAULTS: readonly (readonly [weight: number, fault: string])[] = [
  [2, 'declined'],
  [1, 'deposited'],
  [3, 'open'],
  [3, 'unheard'],
  [2, 'envelope'],
  [1, 'busy'],
]

/** What leaves a caller without an outcome. */
const UNANSWERED_FAULTS: readonly (readonly [weight: number, fault: string])[] = [
  [2, 'order'],
  [3, 'late'],
  [3, 'reset'],
  [3, 'error500'],
  [2, 'open'],
  [2, 'hang'],
  [2, 'timeout'],
]

/** Longer than a request waits for its turn. */
const CROWD_WAIT_MS = 7_000

/** All of these stories are told in a run, by their weight. */
export const STORIES: Readonly<Record<string, Story>> = {
  /** One refund of one payment. */
  single: {
    weight: 30,
    keys: 1,
    async play(stage) {
      const { caller, random, newTid } = stage
      const isWhole = random.chance(0.5)
      const tid = isWhole ? newWholeTid(stage) : newTid(random)
      const refund = isWhole ? everything(tid, random) : refundOf(tid, part(tid, random, 1, 9))
      const body = random.chance(0.3) ? { ...refund, reference: 'line-1' } : refund
      if (random.chance(0.2)) await caller.check(body, random)
      const history = caller.open('single', body)
      if (random.chance(0.15)) await caller.ask(history, 0, random, { hangUpAfterMs: random.integer(2, 60) })
      await caller.pursue(history, 0, random)
    },
  },

  /** One key at the same time at several gateways. */
  race: {
    weight: 20,
    keys: 1,
    async play(stage) {
      const { caller, random, gateways, newTid } = stage
      const isWhole = random.chance(0.4)
      const tid = isWhole ? newWholeTid(stage) : newTid(random)
      const body = isWhole ? everything(tid, random) : refundOf(tid, part(tid, random, 1, 9))
      const history = caller.open('race', body)
      const first = random.integer(0, gateways - 1)
      await Promise.all(
        Array.from({ length: random.integer(2, 4) }, (_, index) =>
          caller.ask(history, 0, random, { gateway: (first + index) % gateways }),
        ),
      )
      await caller.pursue(history, 0, random)
    },
  },

  /** Whoever was answered asks again at once, at every gateway. */
  echo: {
    weight: 10,
    keys: 1,
    async play({ caller, random, gateways, newTid }) {
      const tid = newTid(random)
      const history = caller.open('echo', refundOf(tid, part(tid, random, 1, 9)))
      await caller.pursue(history, 0, random)
      for (let gateway = 0; gateway < gateways; gateway += 1) {
        const told = await caller.ask(history, 0, random, { gateway })
        if (told.refund !== null) await caller.read(history, told.refund.id, random)
      }
    },
  },

  /** Several parts of one payment, at once or one after the other and perhaps more than there is; then the rest. */
  parts: {
    weight: 12,
    keys: 5,
    async play({ caller, random, newTid }) {
      const tid = newTid(random)
      const amounts = new Set(Array.from({ length: random.integer(2, 5) }, () => part(tid, random, 1, 4)))
      const histories = [...amounts].map((amount) => caller.open('parts', refundOf(tid, amount)))
      if (random.chance(0.7)) {
        await Promise.all(histories.map((history) => caller.pursue(history, 0, random)))
      } else {
        for (const history of histories) await caller.pursue(history, 0, random)
      }
      await caller.look(tid, random)
      await caller.pursue(caller.open('parts', refundOf(tid)), 0, random)
    },
  },

  /** Two keys for one payment that has enough for one of them. */
  rivals: {
    weight: 8,
    keys: 2,
    async play({ caller, random, newTid }) {
      const tid = newTid(random)
      const isWhole = random.chance(0.4)
      const amounts = new Set([part(tid, random, 5, 7), part(tid, random, 7, 9)])
      const bodies = isWhole
        ? [refundOf(tid), refundOf(tid)]
        : [...amounts].map((amount) => refundOf(tid, amount))
      const histories = bodies.map((body) => caller.open('rivals', body))
      await Promise.all(histories.map((history) => caller.pursue(history, 0, random)))
      await caller.look(tid, random)
    },
  },

  /** A caller that does not wait for an outcome, but takes a new key. */
  impatient: {
    weight: 8,
    keys: 2,
    async play({ caller, random, newTid }) {
      const tid = newTid(random)
      const bodies = random.chance(0.5)
        ? [refundOf(tid), refundOf(tid)]
        : [refundOf(tid, part(tid, random, 5, 7)), refundOf(tid, part(tid, random, 7, 9))]
      const first = caller.open('impatient', bodies[0] as Body)
      const told = await caller.ask(first, 0, random, { hangUpAfterMs: random.integer(5, 900) })
      if (hasEnded(told)) return
      await caller.pursue(caller.open('impatient', bodies[1] as Body), 0, random)
      await caller.look(tid, random)
      await caller.pursue(first, 0, random)
    },
  },

  /** A caller that does what it is told: a new key, where an answer says so. */
  renewal: {
    weight: 8,
    keys: 2,
    async play({ caller, random, newTid }) {
      const tid = newTid(random, random.weighted(RENEWED_FAULTS))
      const body = random.chance(0.5) ? everything(tid, random) : refundOf(tid, part(tid, random, 1, 4))
      for (let key = 0; key < MOST_RENEWALS; key += 1) {
        const told = await caller.pursue(caller.open('renewal', body), 0, random)
        if (told.retry !== 'new_key') return
      }
    },
  },

  /** A caller that states too little of what was paid, and asks for everything. */
  misstatement: {
    weight: 4,
    keys: 1,
    async play({ caller, random, newTid }) {
      const tid = newTid(random)
      const amount = part(tid, random, 1, 9)
      const body = { ...refundOf(tid), payment: { method: 'card_auth' as const, amount } }
      await caller.pursue(caller.open('misstatement', body), 0, random)
    },
  },

  /** A job that runs twice, at once or one after the other: the same order lines under new keys. */
  twice: {
    weight: 6,
    keys: 6,
    async play({ caller, random, newTid }) {
      const tid = newTid(random)
      const amounts = new Set(Array.from({ length: random.integer(2, 4) }, () => part(tid, random, 1, 2)))
      const lines = [...amounts].map((amount, line) => ({
        ...refundOf(tid, amount),
        reference: `line-${line + 1}`,
      }))
      const run = async () => {
        for (const line of lines) {
          if (random.chance(0.2)) await caller.check(line, random)
          const unseen = { ...refundOf(tid, part(tid, random, 3, 4) + 1), reference: 'unseen' }
          const history = caller.open('twice', line, unseen)
          const told = await caller.pursue(history, 0, random)
          // The key is free: what was meant is sent under it.
          if (told.code === 'possible_duplicate' && random.chance(0.5))
            await caller.pursue(history, 1, random)
        }
      }
      if (random.chance(0.5)) await Promise.all([run(), run()])
      else {
        await run()
        await run()
      }
      await caller.look(tid, random)
    },
  },

  /** A caller that takes a new key after a 202, or after no answer, for the same part. */
  again: {
    weight: 8,
    keys: 2,
    async play({ caller, random, newTid }) {
      const tid = newTid(random, random.weighted(UNANSWERED_FAULTS))
      const body = refundOf(tid, part(tid, random, 1, 4))
      const first = caller.open('again', body)
      const told = await caller.ask(first, 0, random)
      if (hasEnded(told)) return
      await caller.pursue(caller.open('again', body), 0, random)
      await caller.pursue(caller.open('again', refundOf(tid)), 0, random)
      await caller.pursue(first, 0, random)
    },
  },

  /** Several callers who take the whole payment to be there still. */
  mistaken: {
    weight: 4,
    keys: 3,
    async play({ caller, random, newTid }) {
      const tid = newTid(random)
      const amounts = new Set(Array.from({ length: 3 }, () => part(tid, random, 1, 3)))
      const bodies = [...amounts].map((amount) => ({
        ...refundOf(tid, amount),
        expected_remaining: paidAmount(tid),
      }))
      await Promise.all(bodies.map((body) => caller.pursue(caller.open('mistaken', body), 0, random)))
    },
  },

  /** More callers at one payment than get their turn while they wait. */
  crowd: {
    weight: 2,
    keys: 14,
    async play({ caller, random, newTid }) {
      const tid = newTid(random, `delay${LONGEST_DELAY_MS}`)
      const amounts = new Set(Array.from({ length: 14 }, () => random.integer(1, 2_000)))
      await Promise.all(
        [...amounts].map((amount) =>
          caller.pursue(caller.open('crowd', refundOf(tid, amount)), 0, random, {
            hangUpAfterMs: CROWD_WAIT_MS,
          }),
        ),
      )
      await caller.look(tid, random)
    },
  },

  /** One key for two payloads, of one payment or of two. */
  reuse: {
    weight: 8,
    keys: 1,
    async play({ caller, random, newTid }) {
      const tid = newTid(random)
      const other = random.chance(0.5) ? tid : newTid(random)
      const history = caller.open(
        'reuse',
        refundOf(tid, part(tid, random, 1, 3)),
        refundOf(other, part(other, random, 4, 6)),
      )
      if (random.chance(0.5)) {
        await Promise.all([caller.pursue(history, 0, random), caller.pursue(history, 1, random)])
      } else {
        await caller.pursue(history, 0, random)
        await caller.ask(history, 1, random)
      }
    },
  },

  /** A key that was refused is sent again with a corrected payload, while a copy of the refused one is still about. */
  correction: {
    weight: 6,
    keys: 2,
    async play({ caller, random, newTid }) {
      const tid = newTid(random)
      const other = random.chance(0.5) ? tid : newTid(random)
      await caller.pursue(caller.open('correction', refundOf(tid, part(tid, random, 5, 6))), 0, random)
      const history = caller.open(
        'correction',
        refundOf(tid, part(tid, random, 7, 9)),
        refundOf(other, part(other, random, 1, 3)),
      )
      const stray = caller.ask(history, 0, random)
      await caller.ask(history, 0, random)
      await Promise.all([stray, caller.ask(history, 0, random), caller.pursue(history, 1, random)])
    },
  },

  /** Parts of a payment that need a deposit each, or all of it: asked for by two at once and again, and mostly paid. */
  deposit: {
    weight: 8,
    keys: 2,
    async play(stage) {
      const { caller, random, newTid, payer } = stage
      const tid = newTid(random, random.weighted(DEPOSIT_FAULTS))
      const amounts = random.chance(0.5) ? [undefined] : [part(tid, random, 1, 3), part(tid, random, 4, 6)]
      async function refund(amount: number | undefined): Promise<void> {
        const history = caller.open('deposit', refundOf(tid, amount))
        const { code, refund: failed } = await caller.pursue(history, 0, random)
        if (code !== 'deposit_required' || failed === null) return
        if (!(await askForDeposit(stage, history, failed.id))) return
        await caller.look(tid, random)
        if (random.chance(PAID)) await payer.pay(tid, failed.amount)
        if (random.chance(0.5)) await caller.deposit(history, failed.id, random)
        await caller.ask(history, 0, random)
      }
      await Promise.all(amounts.map(refund))
      await caller.look(tid, random)
    },
  },

  /** An old key is repeated, and its refund read. */
  memory: {
    weight: 8,
    keys: 0,
    async play({ caller, random }) {
      const history = caller.keys[random.integer(0, Math.max(0, caller.keys.length - 1))]
      if (history === undefined) return
      const id = refundIdOf(history)
      if (id !== undefined) await caller.read(history, id, random)
      await caller.ask(history, random.integer(0, history.payloads.length - 1), random)
      await caller.look((history.payloads[0] as Payload).tid, random)
    },
  },
}

/** What becomes of the call for an account; without one, nothing can be paid. */
const DEPOSIT_FAULTS: readonly (readonly [weight: number, fault: string])[] = [
  [4, 'deposited'],
  [2, 'depositlost'],
  [2, 'depositlate'],
  [1, 'deposit500'],
  [1, 'deposithtml'],
  [1, 'nodeposit'],
]
const PAID = 0.75
const DEPOSIT_TRIES = 8
const DEPOSIT_PAUSE_MS = 300

/** Two operators at once, again until they are answered. Whether the refund awaits its deposit then. */
async function askForDeposit({ caller, random }: Stage, history: KeyHistory, id: string): Promise<boolean> {
  for (let attempt = 1; attempt <= DEPOSIT_TRIES; attempt += 1) {
    const answers = await Promise.all([
      caller.deposit(history, id, random),
      caller.deposit(history, id, random),
    ])
    if (answers.some(({ refund }) => refund?.status === 'awaiting_deposit')) return true
    if (caller.isHurried()) return false
    await sleep(DEPOSIT_PAUSE_MS)
  }
  return false
}

const VOLLEY = 12
const VOLLEY_PAUSE_MS = 700
const VOLLEY_TRIES = 20

/**
 * Many slow calls at one gateway, which is about to be paused for longer than a lease: while it is away their
 * callers ask the others until they hear an outcome, and then it comes back with its own.
 */
export async function volley({ caller, random, gateways, newTid }: Stage, gateway: number): Promise<void> {
  async function insist(): Promise<void> {
    const tid = newTid(random, `delay${LONGEST_DELAY_MS}`)
    const amount = random.chance(0.5) ? undefined : part(tid, random, 1, 9)
    const history = caller.open('volley', refundOf(tid, amount))
    await caller.ask(history, 0, random, { gateway })
    for (let attempt = 1; attempt <= VOLLEY_TRIES && !caller.isHurried(); attempt += 1) {
      const other = (gateway + random.integer(1, gateways - 1)) % gateways
      if (hasEnded(await caller.ask(history, 0, random, { gateway: other }))) return
      await sleep(VOLLEY_PAUSE_MS)
    }
  }
  await Promise.all(Array.from({ length: VOLLEY }, insist))
}

/** The id that this key was told, if any. A refund that is in its way is another key's. */
export function refundIdOf(history: KeyHistory): string | undefined {
  return history.told.find(({ refund }) => refund?.metadata.key === history.key)?.refund?.id
}
