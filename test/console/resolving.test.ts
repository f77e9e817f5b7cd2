import type { Page } from 'playwright-core'
import t from 'tap'
import { IN_CHROMIUM, LANGUAGES, openConsole, seenIn, startChromium, startWorld } from '../support/console.ts'
import { bearer } from '../support/keys.ts'

const TEXTS = {
  en: {
    made: 'It was made: the money went back',
    notMade: 'It was not made: no money moved',
    note: 'How that was found out',
    review: 'Review',
    confirm: 'Resolve it',
    cancel: 'Cancel',
    other: 'Another person than who asked for it (both).',
    failed: '“It was not made” from ',
    tryAgain: 'Send the same again',
    faster: 'Somebody else has settled it meanwhile: succeeded, by second.',
    unread: 'This key may not read refunds',
  },
  ko: {
    made: '환불됨: 돈이 돌아갔음',
    notMade: '환불되지 않음: 돈이 움직이지 않았음',
    note: '확인한 방법',
    review: '검토',
    confirm: '확정',
    cancel: '취소',
    other: '요청한 호출자(both)가 아닌 사람이어야 합니다.',
    failed: '“환불되지 않음”은 ',
    tryAgain: '같은 내용을 다시 보내세요',
    faster: '그사이 다른 쪽에서 확정했습니다: 성공, second.',
    unread: '이 키로는 환불을 읽을 수 없어',
  },
} as const
type Texts = (typeof TEXTS)[keyof typeof TEXTS]

const NOTE = '콘솔에서 <b>확인</b>함'

/** States what was found out, as far as the dialog that asks whether it is so. */
async function review(page: Page, texts: Texts, outcome: 'made' | 'notMade') {
  await page.getByLabel(texts[outcome]).check()
  await page.getByLabel(texts.note).fill(NOTE)
  await page.getByRole('button', { name: texts.review }).click()
  await page.getByRole('dialog').waitFor()
}

const confirm = (page: Page, texts: Texts) =>
  page.getByRole('dialog').getByRole('button', { name: texts.confirm, exact: true }).click()

const statusIn = (page: Page, status: string) => page.locator(`.headline .status-${status}`).waitFor()

t.test('resolving', IN_CHROMIUM, async (t) => {
  // Long enough that "not yet" is seen, and short enough to wait for.
  const [world, browser] = await Promise.all([
    startWorld(t, { RESOLVE_FAILED_AFTER_MS: '4000' }),
    startChromium(t),
  ])
  const { url, gateway } = world
  const read = async (id: string) =>
    (await gateway.request(`/refunds/${id}`, { headers: bearer('audit') })).body

  for (const language of LANGUAGES) {
    const texts = TEXTS[language]
    const open = async (id: string, key: string) => {
      const opened = await openConsole(t, browser, url, { language, key })
      await opened.go(`refund/${id}`)
      return opened
    }

    t.test(`as made, with what the console shows (${language})`, async (t) => {
      const { id } = await world.refundUnknown(`made-${language}`)
      const { page, complaints } = await open(id, 'finance')
      t.equal(
        await page.getByRole('button', { name: texts.review }).isEnabled(),
        false,
        'nothing is stated yet',
      )
      await page.locator('.resolve summary').click()
      await page.locator('.resolve .fields input').nth(0).fill('C-77')
      await review(page, texts, 'made')
      t.match(await seenIn(page, 'dialog'), NOTE)
      await confirm(page, texts)
      await statusIn(page, 'succeeded')
      t.match(await read(id), {
        status: 'succeeded',
        provider: { cancel_tid: 'C-77' },
        resolution: { source: 'operator', by: 'finance', note: NOTE },
      })
      t.equal(await page.locator('.resolve').count(), 0, 'there is nothing left to resolve')
      t.equal(await page.locator('.notice-good').count(), 1, 'and it is said what became of it')
      t.same(complaints, [])
    })

    t.test(`as not made: not before its time, which is said (${language})`, async (t) => {
      const { id } = await world.refundUnknown(`not-made-${language}`)
      const { page } = await open(id, 'finance')
      await page.getByText(texts.failed).waitFor()
      const radio = page.getByLabel(texts.notMade)
      t.equal(await radio.isDisabled(), true)
      t.match(await seenIn(page, '.rules .not-met'), / KST/)
      await page.locator('.rules .not-met').waitFor({ state: 'detached' })
      t.equal(await radio.isEnabled(), true, 'and it is possible once that has come, without a reload')
      await review(page, texts, 'notMade')
      await confirm(page, texts)
      await statusIn(page, 'failed')
      t.match(await read(id), { status: 'failed', resolution: { by: 'finance' } })
    })

    t.test(`never one's own, which is said and not offered (${language})`, async (t) => {
      const { id } = await world.refundUnknown(`own-${language}`, {}, 'both')
      const { page } = await open(id, 'both')
      await page.getByText(texts.other).waitFor()
      t.match(await seenIn(page, '.rules'), texts.other)
      t.equal(await page.getByLabel(texts.made).count(), 0)
    })

    t.test(`a 503 in the middle: nothing is lost, and the same is sent again (${language})`, async (t) => {
      const { id } = await world.refundUnknown(`unavailable-${language}`)
      const { page } = await open(id, 'finance')
      await page.route('**/resolve', (route) =>
        route.fulfill({
          status: 503,
          headers: { 'retry-after': '5', 'content-type': 'application/problem+json' },
          body: JSON.stringify({
            code: 'store_unavailable',
            retry: 'same_key',
            detail: 'Redis cannot be reached.',
          }),
        }),
      )
      await review(page, texts, 'made')
      await confirm(page, texts)
      const alert = page.getByRole('alert')
      await alert.getByText('Redis cannot be reached.').waitFor()
      t.match(await seenIn(page, '[role=alert]'), texts.tryAgain)
      t.equal(await page.getByLabel(texts.note).inputValue(), NOTE, 'what was entered is still there')
      await page.unroute('**/resolve')
      await page.getByRole('button', { name: texts.review }).click()
      await confirm(page, texts)
      await statusIn(page, 'succeeded')
    })

    t.test(`two at once: who is second is told what the first has done (${language})`, async (t) => {
      const { id } = await world.refundUnknown(`two-${language}`)
      const [one, two] = await Promise.all([open(id, 'finance'), open(id, 'second')])
      await Promise.all([review(one.page, texts, 'made'), review(two.page, texts, 'made')])
      await confirm(two.page, texts)
      await statusIn(two.page, 'succeeded')
      await confirm(one.page, texts)
      await one.page.getByText(texts.faster).waitFor()
      await statusIn(one.page, 'succeeded')
      t.match(await read(id), { resolution: { by: 'second' } })
    })

    t.test(`by id, with a key that may not read it (${language})`, async (t) => {
      const { id } = await world.refundUnknown(`unread-${language}`)
      const { page } = await open(id, 'desk')
      await page.getByText(texts.unread).waitFor()
      await review(page, texts, 'made')
      await confirm(page, texts)
      await page.locator('.notice-good').waitFor()
      t.match(await read(id), { status: 'succeeded', resolution: { by: 'desk' } })
    })

    t.test(`the dialog: Escape closes it, and nothing is sent (${language})`, async (t) => {
      const { id } = await world.refundUnknown(`escape-${language}`)
      const { page } = await open(id, 'finance')
      await review(page, texts, 'made')
      for (let press = 0; press < 4; press++) {
        await page.keyboard.press('Tab')
        const isWithin =
          'document.activeElement === document.body || document.activeElement.closest("dialog") !== null'
        t.equal(await page.evaluate(isWithin), true, 'the focus stays within')
      }
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      t.equal((await read(id)).status, 'unknown')
    })
  }

  t.test('a gateway that does not answer: it is not claimed that nothing happened', async (t) => {
    const { id } = await world.refundUnknown('gone')
    const { page, go } = await openConsole(t, browser, url, { key: 'finance' })
    await go(`refund/${id}`)
    await page.route('**/resolve', (route) => route.abort())
    await review(page, TEXTS.en, 'made')
    await confirm(page, TEXTS.en)
    await page.getByText('It is not known whether it heard the request.').waitFor()
  })

  t.test('a whole resolve by the keyboard alone', async (t) => {
    const { id } = await world.refundUnknown('keyboard')
    const { page, go } = await openConsole(t, browser, url, { key: 'finance' })
    await go(`refund/${id}`)
    await page.locator('.resolve').waitFor()
    const press = async (key: string, until: string) => {
      for (let count = 0; count < 40; count++) {
        await page.keyboard.press(key)
        if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(until)})`)) return
      }
      throw new Error(`${until} is not reached`)
    }
    await press('Tab', 'input[type=radio]')
    await page.keyboard.press('Space')
    await press('Tab', 'textarea')
    await page.keyboard.type('seen')
    await press('Tab', '.resolve form > .buttons button')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Resolve it')
    await page.keyboard.press('Enter')
    await statusIn(page, 'succeeded')
  })
})
