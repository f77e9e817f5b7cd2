import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
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
import { accept, DEPOSIT_ANSWER, NEEDS_DEPOSIT, sendJson } from '../support/provider-stub.ts'
import { begun, byPerson, newClaim, newIntent, SUCCEEDED, UNKNOWN } from '../support/store-intents.ts'
import { connectStore } from '../support/store-start.ts'

const TEXTS = {
  en: {
    amount: /^Amount \(KRW\)/,
    note: 'How that was found out',
    review: 'Review',
    book: 'Book it',
    booked: 'Booked.',
    rule: '₩9,000 remain, ₩0 are booked.',
    tooMuch: 'Correct it and send it again',
    ask: 'Ask for a deposit account',
    asked: 'The account was asked for.',
    endpoint: 'Endpoint',
    again: 'Send again',
    queued: 'events are queued.',
    ready: 'Ready: refunds are taken',
    notReady: 'Not ready: refunds are refused',
    disputed: 'disputed',
  },
  ko: {
    amount: /^금액 \(원\)/,
    note: '확인한 방법',
    review: '검토',
    book: '기록',
    booked: '기록했습니다.',
    rule: '남은 금액 ₩9,000, 기록된 금액 ₩0.',
    tooMuch: '고쳐서 다시 보내세요',
    ask: '입금 계좌 요청',
    asked: '입금 계좌를 요청했습니다.',
    endpoint: '수신처',
    again: '다시 보내기',
    queued: '건을 대기열에 넣었습니다.',
    ready: '정상: 환불을 받고 있습니다',
    notReady: '비정상: 환불을 거부하고 있습니다',
    disputed: '상충',
  },
} as const

t.test('acting', IN_CHROMIUM, async (t) => {
  const delivered: string[] = []
  const endpoint = createServer((request, response) => {
    delivered.push(String(request.headers['webhook-id']))
    request.resume().on('end', () => response.writeHead(204).end())
  })
  endpoint.listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  t.teardown(() => endpoint.close())
  const { port } = endpoint.address() as AddressInfo
  const told = {
    ...{ name: 'orders', url: `http://127.0.0.1:${port}/`, events: ['refund.succeeded'] },
    secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  }
  const [world, browser] = await Promise.all([
    startWorld(t, {
      EVENT_ENDPOINTS: JSON.stringify([told]),
      COOKIEPAY_PG: 'kiwoom',
      CALLER_LIMITS: '[{"caller":"orders","max_amount_per_day":1000000}]',
    }),
    startChromium(t),
  ])
  const { url, gateway, stub } = world

  const { body: document } = await gateway.request<{ paths: object }>('/openapi.json')
  const IN_EVENTS = { skip: !('/events/redeliver' in document.paths) && 'this gateway sends no events' }

  for (const language of LANGUAGES) {
    const texts = TEXTS[language]
    const open = (key: string) => openConsole(t, browser, url, { language, key })

    t.test(`an outside refund: its rule, its booking, and more than remains (${language})`, async (t) => {
      const tid = `outside-${language}-10000`
      await world.refund(refundRequest({ tid, amount: 1_000 }), tid)
      const { page, go, complaints } = await open('finance')
      await go(`payment/${tid}`)
      await page.getByText(texts.rule).waitFor()
      const book = async (amount: string) => {
        await page.getByLabel(texts.amount).fill(amount)
        await page.getByLabel(texts.note).fill('콘솔에서 취소함')
        await page.getByRole('button', { name: texts.review }).click()
        await page.getByRole('dialog').getByRole('button', { name: texts.book, exact: true }).click()
      }
      await book('9001')
      await page.getByRole('alert').waitFor()
      t.match(await seenIn(page, '[role=alert]'), texts.tooMuch)
      t.match(await seenIn(page, '[role=alert]'), 'amount_exceeds_remaining')
      await book('3000')
      await page.locator('.notice-good', { hasText: texts.booked }).waitFor()
      await book('-1000')
      await page.locator('.timeline .event-outside').nth(1).waitFor()
      const { body } = await gateway.request<{ outside: number; remaining: number }>(`/payments/${tid}`, {
        headers: bearer('audit'),
      })
      t.match(body, { outside: 2_000, remaining: 7_000 })
      t.match(await seenIn(page, '.legend'), '₩2,000')
      t.same(complaints, [])
    })

    t.test(
      `an answer that was lost: the same booking is sent again, and counts once (${language})`,
      async (t) => {
        const tid = `lost-${language}-10000`
        await world.refund(refundRequest({ tid, amount: 1_000 }), tid)
        const { page, go } = await open('finance')
        await go(`payment/${tid}`)
        await page.getByLabel(texts.amount).fill('500')
        await page.getByLabel(texts.note).fill('x')
        const send = async () => {
          await page.getByRole('button', { name: texts.review }).click()
          await page.getByRole('dialog').getByRole('button', { name: texts.book, exact: true }).click()
        }
        await page.route('**/outside-refunds', async (route) => {
          await route.fetch()
          await route.abort()
        })
        await send()
        await page.getByRole('alert').waitFor()
        await page.unroute('**/outside-refunds')
        await send()
        await page.locator('.notice-good', { hasText: texts.booked }).waitFor()
        const { body } = await gateway.request<{ outside: number }>(`/payments/${tid}`, {
          headers: bearer('audit'),
        })
        t.equal(body.outside, 500)
      },
    )

    t.test(`a deposit is asked for once it is confirmed, and shown as it came (${language})`, async (t) => {
      stub.onCancel((response) => sendJson(response, NEEDS_DEPOSIT))
      const answer = await world.refund(
        refundRequest({ tid: `deposit-${language}-10000` }),
        `deposit-${language}`,
      )
      stub.onCancel(accept)
      const id = answer.body.refund?.id
      const before = stub.deposits.length
      const { page, go } = await open('finance')
      await go(`refund/${id}`)
      await page.getByRole('button', { name: texts.ask }).click()
      t.equal(stub.deposits.length, before, 'not before it is confirmed')
      await page.getByRole('dialog').getByRole('button', { name: texts.ask }).click()
      await page.locator('.headline .status-awaiting_deposit').waitFor()
      t.match(await seenIn(page, 'main'), '1002-345-678901')
      t.ok(DEPOSIT_ANSWER.includes('1002-345-678901'))
      t.equal(await page.getByRole('button', { name: texts.ask }).count(), 0, 'it is asked for once')
      await go('unknown?status=awaiting_deposit')
      await page.getByText(String(id)).waitFor()
    })

    t.test(`events are sent again to an endpoint (${language})`, IN_EVENTS, async (t) => {
      const { page, go } = await open('finance')
      await go('desk')
      const send = async (endpoint: string) => {
        await page.getByLabel(texts.endpoint).fill(endpoint)
        await page.getByRole('button', { name: texts.again }).click()
      }
      await send('nobody')
      await page.getByRole('alert').waitFor()
      t.match(await seenIn(page, '[role=alert]'), 'EVENT_ENDPOINTS has no endpoint of this name.')
      const before = delivered.length
      await send('orders')
      await page.locator('.notice-good', { hasText: texts.queued }).waitFor()
      t.match(await seenIn(page, '.notice-good'), /[1-9]/)
      await until('they have come again', () => delivered.length > before)
    })

    t.test(`the state: ready, limits used, and not ready with the reason (${language})`, async (t) => {
      const { page, go } = await open('reader')
      await go('state')
      await page.getByText(texts.ready).waitFor()
      t.match(await seenIn(page, 'main'), 'max_amount_per_day')
      t.match(await seenIn(page, 'main'), 'kiwoom')
      if (!IN_EVENTS.skip)
        t.match(await seenIn(page, 'main'), / orders/, 'the endpoint, and what it waits for')
      await page.route('**/readyz', (route) =>
        route.fulfill({
          status: 503,
          json: {
            status: 'not_ready',
            parts: { store: { ready: false, detail: 'unavailable: Redis <b>is</b> away' } },
          },
        }),
      )
      await go('find')
      await go('state')
      await page.getByText(texts.notReady).waitFor()
      t.match(await seenIn(page, 'main'), 'Redis <b>is</b> away')
    })

    t.test(`a disputed refund is shown as one, and can be resolved (${language})`, async (t) => {
      const { store } = await connectStore(t, world.redis)
      const claim = newClaim({ tid: `disputed-${language}-1000` })
      const unknown = await store.settle(await begun(store, newIntent(claim)), UNKNOWN)
      if (unknown.result === 'lost') throw new Error('lost')
      const failed = await store.settle(unknown.stored, byPerson('failed'))
      if (failed.result === 'lost') throw new Error('lost')
      await store.settle(failed.stored, SUCCEEDED)
      const { page, go } = await open('finance')
      await go(`payment/${claim.tid}`)
      await settled(page)
      await page.locator('.status-disputed').first().click()
      await page.locator('table.cards a').first().click()
      await page.locator('.headline .status-disputed').waitFor()
      t.match(await seenIn(page, '.headline'), texts.disputed)
      t.equal(await page.locator('.resolve form').count(), 1)
      t.equal(await page.locator('.to-do').count(), 1)
    })
  }

  t.test('what a key lacks the scope for is not offered', async (t) => {
    const tid = 'outside-en-10000'
    const { page, go } = await openConsole(t, browser, url, { key: 'audit' })
    await go(`payment/${tid}`)
    await settled(page)
    t.equal(await page.locator('form').count(), 0)
    await go('desk')
    t.same(await page.locator('h2').allTextContents(), ['Export'])
  })
})
