import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { IN_CHROMIUM, openConsole, seenIn, settled, startChromium, startWorld } from '../support/console.ts'
import { cancelAnswer, sendJson } from '../support/provider-stub.ts'

/** What would run where a text were read as markup, each in its own way. `at` says which member it came from. */
const markup = (at: string) => `<img src=x onerror="globalThis.ran='${at}'"><b>${at}</b>`

const REASON = `<img src=x onerror=ran=1><b>r</b>`
/** A tid has 50 characters. */
const TID = '<b>tid</b><svg/onload=ran=1>"\'&{{7*7}}'
const PAID = { method: 'virtual_account', amount: 10_000 } as const

t.test('a refund whose every text is markup is shown as text', IN_CHROMIUM, async (t) => {
  const [world, browser] = await Promise.all([startWorld(t), startChromium(t)])
  const { url, stub } = world

  const account = {
    bank: '<b>bank</b>',
    account_no: '<i>1234567890</i>',
    account_name: '<b>holder</b><img src=x>',
  }
  const texts = {
    reason: REASON,
    reference: '<b>reference</b>',
    metadata: { '<b>name</b>': markup('metadata') },
  }
  stub.onCancel((response, { body }) =>
    sendJson(response, {
      ...cancelAnswer(body),
      cancel_code: '<u>7777</u>',
      cancel_msg: markup('cancel_msg'),
      cancel_tid: markup('cancel_tid'),
      cancel_date: '<b>date</b>',
      cancel_amt: '<b>amt</b>',
    }),
  )
  const body = { tid: TID, payment: PAID, refund_account: account, ...texts }
  const made = await world.refund({ ...body, amount: undefined }, '<b>key</b>')
  t.equal(made.status, 202, JSON.stringify(made.body))
  const { id } = made.body

  async function isText(t: Test, page: Page, text: string, about: string) {
    t.match(await seenIn(page, 'main'), text, about)
  }

  const { page, complaints, go } = await openConsole(t, browser, url, { key: 'finance' })
  const detail = markup('detail')
  // Before anything is asked for: one that is set later may miss what is asked at once.
  // Its events, too: of the two answers the first one is shown.
  await page.route(/\/refunds\/rf_x(\/events)?$/, (route) =>
    route.fulfill({
      status: 400,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        code: markup('code'),
        detail,
        retry: markup('retry'),
        instance: `urn:${markup('urn')}`,
        errors: [{ pointer: markup('pointer'), detail }],
      }),
    }),
  )
  const ran = () => page.evaluate('globalThis.ran ?? null')
  const madeElements = () => page.locator('main img, main b, main i, main u, main svg[onload]').count()

  t.test('on its own screen, member by member', async (t) => {
    await go(`refund/${id}`)
    await page.locator('.timeline').first().waitFor()
    for (const button of await page.locator('.masked button').all()) await button.click()
    const answer = made.body.provider ?? {}
    const members: Record<string, string> = {
      tid: TID,
      reason: REASON,
      reference: texts.reference,
      bank: account.bank,
      account_name: account.account_name,
      'metadata name': '<b>name</b>',
      metadata: markup('metadata'),
      ...Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== null)),
    }
    t.ok(Object.keys(members).length >= 11, Object.keys(members).join())
    for (const [member, text] of Object.entries(members)) {
      t.test(member, (t) => isText(t, page, text, member))
    }
    t.test('and nothing of it has run', async (t) => {
      t.equal(await ran(), null)
      t.equal(await madeElements(), 0)
    })
  })

  t.test('in the queue, in its payment, in what was found', async (t) => {
    const TIDS = encodeURIComponent(TID)
    for (const screen of ['unknown', `payment/${TIDS}`, `find?tid=${TIDS}`]) {
      await go(screen)
      await settled(page)
      await isText(t, page, TID, screen)
      t.equal(await madeElements(), 0, screen)
    }
    t.equal(await ran(), null)
  })

  t.test('in the note and in the name of who resolves it, and in a problem', async (t) => {
    await go(`refund/${id}`)
    await page.locator('.resolve input').first().check()
    await page.locator('.resolve textarea').fill(markup('note'))
    await page.locator('.resolve form > .buttons button').click()
    t.match(await seenIn(page, 'dialog'), markup('note'))
    await page.getByRole('dialog').getByRole('button').first().click()
    await page.locator('.headline .status-succeeded').waitFor()
    await isText(t, page, markup('note'), 'note')
    await go('refund/rf_x')
    await page.getByRole('alert').waitFor()
    await isText(t, page, detail, 'detail')
    t.equal(await ran(), null)
    t.equal(await page.locator('main img, main b').count(), 0)
  })

  t.test('and in the address', async (t) => {
    await go(`payment/${encodeURIComponent(markup('address'))}`)
    await isText(t, page, markup('address'), 'the address')
    await go('find?from=<img src=x onerror=ran=1>&reference=<b>x</b>')
    await settled(page)
    t.equal(await ran(), null)
    t.equal(await madeElements(), 0)
    t.same(complaints, [], 'the policy had nothing to keep from it')
  })
})
