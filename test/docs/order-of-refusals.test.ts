import t from 'tap'
import { pageText } from '../../scripts/docs/pages.ts'
import { PROBLEM_CODES } from '../../src/http/problems/catalog.ts'
import { DUPLICATE_RULES } from '../../src/refunds/ports/store.ts'
import type { EligibilityRule } from '../../src/refunds/rules/eligibility.ts'
import { type BeginRefusal, beginRefusal } from '../../src/refunds/rules/refusals.ts'
import { begun, newClaim, newIntent, newWish, SUCCEEDED, UNKNOWN } from '../support/store-intents.ts'
import { startStore } from '../support/store-start.ts'

const ENGLISH = 'docs/calling.md'
const KOREAN = 'docs/ko/calling.md'

const RULES: readonly EligibilityRule[] = [
  'method_not_refundable',
  'gateway_not_allowed',
  'partial_not_allowed',
]
const WORDS: readonly string[] = [...PROBLEM_CODES, ...DUPLICATE_RULES, ...RULES]

/** The codes and rules of each numbered reason of the section. */
function reasonsOf(page: string, heading: string): { number: number; words: string[] }[] {
  const [, section = ''] = pageText(page).split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return [...own.matchAll(/^(\d+)\. (.*(?:\n {4}.*)*)/gm)].map(([, number, text = '']) => ({
    number: Number(number),
    words: [...text.matchAll(/`([a-z_]+)`/g)].map(([, word = '']) => word).filter((w) => WORDS.includes(w)),
  }))
}

const english = reasonsOf(ENGLISH, 'Order of refusals')

t.test('the reasons are numbered in one row, and are the same in both languages', async (t) => {
  t.strictSame(
    english.map(({ number }) => number),
    english.map((_, index) => index + 1),
  )
  t.strictSame(reasonsOf(KOREAN, '거절 판단 순서'), english)
})

t.test('begin and check give the reasons of the payment in the order that the page states', async (t) => {
  const { store } = await startStore(t)
  const { merchant, tid } = newClaim()
  const payment = { method: 'card_auth', amount: 1_000, tax_free_amount: 300 } as const
  const intentOf = (wished: Parameters<typeof newIntent>[1]) =>
    newIntent(newClaim({ merchant, tid }), { payment, ...wished })
  const named = await begun(store, intentOf({ amount: 500, reference: 'line-1' }))
  await store.settle(named, SUCCEEDED)
  const unknown = await begun(store, intentOf({ amount: 300 }))
  await store.settle(unknown, UNKNOWN)
  const inFlight = await begun(store, intentOf({ amount: 50 }))

  // Every reason at once, then each one mended that was given.
  let wish = newWish({
    payment: { ...payment, amount: 2_000 },
    amount: 300,
    reference: 'line-1',
    expectedRemaining: 1,
    duplicateWindowMs: 60_000,
    partialAllowed: false,
    spacingMs: 60_000,
  })
  const given: string[][] = []
  async function refused() {
    const refusals = await Promise.all([
      store.check({ merchant, tid, wish }),
      store.begin(newIntent(newClaim({ merchant, tid }), wish)),
    ])
    const [checked, decided] = refusals.map((refusal) => wordsOf(refusal as BeginRefusal))
    t.strictSame(checked, decided, `check says what begin says: ${decided?.join()}`)
    given.push(decided ?? [])
  }
  function wordsOf(refusal: BeginRefusal) {
    const told = beginRefusal(refusal, { tid, reason: 'r', payment })
    return 'rule' in told ? [told.code, told.rule] : [told.code]
  }

  await refused()
  wish = { ...wish, payment }
  await refused()
  wish = { ...wish, reference: undefined }
  await refused()
  wish = { ...wish, duplicateWindowMs: 0 }
  await refused()
  await store.settle(inFlight, SUCCEEDED)
  await refused()
  await store.settle(unknown, SUCCEEDED)
  wish = { ...wish, taxFreeAmount: 0 }
  await refused()
  wish = { ...wish, expectedRemaining: undefined }
  await refused()
  wish = { ...wish, amount: 100 }
  await refused()
  wish = { ...wish, taxFreeAmount: undefined }
  await refused()

  wish = { ...wish, partialAllowed: true }
  t.equal((await store.check({ merchant, tid, wish })).result, 'allowed', 'the pause alone is no reason')
  const paused = await store.begin(newIntent(newClaim({ merchant, tid }), wish))
  t.equal(paused.result, 'payment_busy')
  given.push(wordsOf(paused as BeginRefusal))

  // They stand together, before what the provider answers.
  const first = english.findLastIndex(({ words }) => words.join() === 'payment_mismatch')
  t.strictSame(
    english.slice(first, first + given.length).map(({ words }) => words),
    given,
  )
  t.strictSame(english[first + given.length]?.words[0], 'provider_unavailable', 'the page states no other')
})
