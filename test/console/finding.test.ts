import t from 'tap'
import { koreanDay } from '../../src/refunds/korean-day.ts'
import { until } from '../support/calls.ts'
import {
  IN_CHROMIUM,
  LANGUAGES,
  openConsole,
  seenIn,
  settled,
  startChromium,
  startWorld,
} from '../support/console.ts'
import { refundRequest } from '../support/gateway.ts'
import { bearer } from '../support/keys.ts'
import { cancelAnswer, sendJson } from '../support/provider-stub.ts'

const TEXTS = {
  en: {
    any: 'Refund id or tid',
    open: 'Open',
    caller: 'Caller',
    key: 'Idempotency-Key',
    openKey: 'Open its refund',
    search: 'Search',
    status: 'Status',
    reference: /^Reference/,
    succeeded: 'Refunded',
    declined: 'Declined',
    download: 'Download',
    saved: 'saved as',
    none: 'Nothing fits.',
    dayBefore: 'Day before',
    nothing: 'Nothing happened on this day.',
  },
  ko: {
    any: '환불 id 또는 tid',
    open: '열기',
    caller: '호출자',
    key: 'Idempotency-Key',
    openKey: '그 환불 열기',
    search: '검색',
    status: '상태',
    reference: /^참조/,
    succeeded: '환불됨',
    declined: '거절됨',
    download: '다운로드',
    saved: '저장했습니다',
    none: '맞는 것이 없습니다.',
    dayBefore: '전날',
    nothing: '이 날은 환불이 없습니다.',
  },
} as const

t.test('finding and closing a day', IN_CHROMIUM, async (t) => {
  const [world, browser] = await Promise.all([startWorld(t), startChromium(t)])
  const { url, gateway, stub } = world
  const today = koreanDay(Date.now())
  const paid = { payment: { method: 'card_auth', amount: 50_000 }, tid: 'parts-50000' } as const
  const made = await world.refund(refundRequest({ ...paid, amount: 12_000, reference: 'return-7' }), 'first')
  await world.refund(refundRequest({ ...paid, amount: 8_000, reference: 'return-8' }), 'second')
  stub.onCancel((response, { body }) =>
    sendJson(response, { ...cancelAnswer(body), cancel_code: '1001', cancel_msg: '취소 불가 거래입니다' }),
  )
  await world.refund(refundRequest({ tid: 'declined-10000' }), 'declined')
  const unknown = await world.refundUnknown('unknown', { tid: 'unknown-10000' })
  // What has just happened is listed by time a moment later.
  await until(
    'all are listed by time',
    async () => {
      const { body } = await gateway.request<{ data: unknown[] }>(`/refunds?from=${today}`, {
        headers: bearer('audit'),
      })
      return body.data.length === 4
    },
    20_000,
  )

  for (const language of LANGUAGES) {
    const texts = TEXTS[language]
    const open = (key: string) => openConsole(t, browser, url, { language, key })

    t.test(`by refund id, by tid, and by the caller's key (${language})`, async () => {
      const { page, go } = await open('finance')
      for (const [name, heading] of [
        [made.body.id, made.body.id],
        ['parts-50000', 'parts-50000'],
      ]) {
        await go('find')
        await page.getByLabel(texts.any).fill(String(name))
        await page.getByRole('button', { name: texts.open, exact: true }).click()
        await page.locator('h1', { hasText: String(heading) }).waitFor()
      }
      await go('find')
      const byKey = page.locator('section', { has: page.getByRole('button', { name: texts.openKey }) })
      await byKey.getByLabel(texts.caller).fill('orders')
      await byKey.getByLabel(texts.key).fill('unknown')
      await byKey.getByRole('button').click()
      await page.locator('h1', { hasText: unknown.id }).waitFor()
    })

    t.test(`by date, status, caller and reference (${language})`, async (t) => {
      const { page, go } = await open('finance')
      const found = async (query: string) => {
        await go(`find?from=${today}&to=${today}&${query}`)
        await settled(page)
        return page.locator('table.cards tbody tr').count()
      }
      t.equal(await found('caller=orders'), 4)
      t.equal(await found('caller=nobody'), 0)
      await page.getByText(texts.none).waitFor()
      t.equal(await found('status=failed'), 1)
      t.equal(await found('status=disputed'), 0)
      await page.getByLabel(texts.status).selectOption('succeeded')
      await page.getByLabel(texts.reference).fill('return-8')
      await page.getByRole('button', { name: texts.search }).click()
      await page.getByText('return-8').waitFor()
      await settled(page)
      t.equal(await page.locator('table.cards tbody tr').count(), 1)
    })

    t.test(`a payment: its ledger, its refunds and what happened when (${language})`, async (t) => {
      const { page, go } = await open('finance')
      await go('payment/parts-50000')
      await settled(page)
      const legend = await seenIn(page, '.legend')
      for (const sum of ['₩20,000', '₩30,000']) t.match(legend, sum)
      t.equal(await page.locator('.bar rect').count(), 2)
      t.equal(await page.locator('table.cards tbody tr').count(), 2)
      t.equal(await page.locator('.timeline li').count(), 4)
      t.match(await seenIn(page, '.timeline'), /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d KST/)
    })

    t.test(`a day: its sums, by account and code, and its curve (${language})`, async (t) => {
      const { page, go } = await open('audit')
      await go('today')
      await settled(page)
      const tiles = (await page.locator('.tile').allTextContents()).map((text) =>
        text.replace(/\s+/g, ' ').trim(),
      )
      t.match(tiles[0], texts.succeeded)
      t.match(tiles.slice(0, 3), [/2 ?₩20,000/, /1 ?₩10,000/, /1 ?₩10,000/])
      await page.locator('.curve').waitFor()
      t.match(await seenIn(page, 'main'), 'provider_declined')
      await page.getByRole('button', { name: texts.dayBefore }).click()
      await page.getByText(texts.nothing).waitFor()
    })

    t.test(`the books are taken away as a file (${language})`, async (t) => {
      const { page, go } = await open('audit')
      await go('desk')
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: texts.download }).click(),
      ])
      t.equal(download.suggestedFilename(), `refunds-${today}-${today}.csv`)
      const text = (await (await download.createReadStream()).toArray()).join('')
      t.equal(text.trim().split('\n').length, 5)
      t.match(text, 'parts-50000')
      await page.getByText(texts.saved).waitFor()
    })
  }

  t.test("what is one's own is masked until it is asked for", async (t) => {
    const account = { bank: '국민', account_no: '12345678901', account_name: '홍길동' }
    const payment = { method: 'virtual_account', amount: 10_000 } as const
    stub.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
    const answer = await world.refund(
      refundRequest({ payment, refund_account: account, metadata: { order: '주문 77' } }),
      'masked',
    )
    const { page, go } = await openConsole(t, browser, url, { key: 'audit' })
    await go(`refund/${answer.body.id}`)
    await page.locator('.facts').first().waitFor()
    for (const secret of ['홍길동', '주문 77']) t.notMatch(await page.content(), secret)
    await page.getByRole('button', { name: 'Show Account holder' }).click()
    t.match(await seenIn(page, 'main'), '홍길동')
    t.notMatch(await page.content(), '주문 77')
    await page.getByRole('button', { name: 'Show Metadata' }).click()
    t.match(await seenIn(page, 'main'), '주문 77')
    await page.getByRole('button', { name: 'Hide Account holder' }).click()
    t.notMatch(await page.content(), '홍길동')
  })

  t.test(
    'a day with many refunds: the curve is drawn when it is asked for, and can be stopped',
    async (t) => {
      const { page, go } = await openConsole(t, browser, url, { key: 'audit' })
      const many = { count: 5_000, amount: 5_000_000 }
      await page.route('**/reports/daily?**', async (route) => {
        const answer = await (await route.fetch()).json()
        answer.rows[0].succeeded = many
        await route.fulfill({ json: answer })
      })
      await go('unknown')
      await go('today')
      const draw = page.getByRole('button', { name: /^Draw it/ })
      await draw.waitFor()
      await page.route('**/refunds?from**', () => {})
      await draw.click()
      await page.getByRole('button', { name: 'Stop' }).click()
      await draw.waitFor()
      await page.unroute('**/refunds?from**')
      await draw.click()
      await page.locator('.curve').waitFor()
    },
  )

  t.test('an export that is broken off: nothing is saved, and it is said', async (t) => {
    const { page, go } = await openConsole(t, browser, url, { key: 'audit' })
    await go('desk')
    await page.route('**/refunds/export?**', (route) => route.abort('connectionreset'))
    await page.getByRole('button', { name: 'Download' }).click()
    await page.getByRole('alert').waitFor()
    t.match(await seenIn(page, '[role=alert]'), 'Send the same again')
  })

  t.test('who may read its own alone finds its own by date', async (t) => {
    const { page, go } = await openConsole(t, browser, url, { key: 'reader' })
    await go(`find?from=${today}&to=${today}`)
    await page.getByText('Nothing fits.').waitFor()
    t.equal(await page.getByLabel(/^Caller \(/).count(), 0)
  })
})
