import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import t from 'tap'
import {
  IN_CHROMIUM,
  LANGUAGES,
  openConsole,
  settled,
  startChromium,
  startWorld,
} from '../support/console.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Violation = { id: string; nodes: { html: string; failureSummary: string }[] }

/** What axe finds: with every rule of WCAG 2.2 AA and its own best practices. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = (await page.evaluate('axe.run()')) as { violations: Violation[] }
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`)
}

t.test('every screen', IN_CHROMIUM, async (t) => {
  const [world, browser] = await Promise.all([startWorld(t), startChromium(t)])
  const { id, tid } = await world.refundUnknown('a', { metadata: { order: '1' }, reference: 'r' })
  const account = { bank: '국민', account_no: '12345678901', account_name: '홍길동' }
  const paid = { method: 'virtual_account', amount: 10_000 } as const
  const va = await world.refundUnknown('b', { payment: paid, refund_account: account })

  const SCREENS = {
    today: 'today',
    unknown: 'unknown',
    find: `find?tid=${tid}`,
    payment: `payment/${tid}`,
    refund: `refund/${id}`,
    'refund of a virtual account': `refund/${va.id}`,
    'no such refund': 'refund/nothing',
    desk: 'desk',
    state: 'state',
    'no such screen': 'nothing',
  }

  for (const language of LANGUAGES) {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 320]) {
        t.test(
          `axe finds nothing, nor does the policy (${language}, ${colorScheme}, ${width} px)`,
          async (t) => {
            const viewport = { width, height: 800 }
            const { page, complaints, go } = await openConsole(t, browser, world.url, {
              language,
              colorScheme,
              viewport,
            })
            await page.locator('.sign-in').waitFor()
            t.same(await violations(page), [], 'signing in')
            await page.locator('input[type=password]').fill('finance')
            await page.locator('form button').click()
            await page.locator('.screen h1').waitFor()
            for (const [name, screen] of Object.entries(SCREENS)) {
              await go(screen)
              await settled(page)
              t.same(await violations(page), [], name)
              const isWider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
              t.equal(await page.evaluate(isWider), false, `${name} needs no scrolling to the side`)
            }
            await go(`refund/${id}`)
            await page.locator('.resolve input').first().check()
            await page.locator('.resolve textarea').fill('x')
            await page.locator('.resolve form > .buttons button').click()
            await page.getByRole('dialog').waitFor()
            t.same(await violations(page), [], 'the dialog')
            t.same(complaints, [])
          },
        )
      }
    }
  }

  t.test('each screen says its name in the title, has one first heading, and begins there', async (t) => {
    const { page, go } = await openConsole(t, browser, world.url, { key: 'finance' })
    const titles = new Set<string>()
    for (const screen of ['today', 'unknown', 'find', `payment/${tid}`, `refund/${id}`, 'desk', 'state']) {
      await go(screen)
      await settled(page)
      titles.add(await page.title())
      t.equal(await page.locator('h1').count(), 1, screen)
      t.equal(await page.evaluate('document.activeElement.tagName'), 'H1', `${screen} is where one goes on`)
    }
    t.equal(titles.size, 7)
  })

  t.test('whoever uses the keyboard may skip to the content, and sees where the focus is', async (t) => {
    const { page } = await openConsole(t, browser, world.url, { key: 'finance' })
    await page.reload()
    await page.locator('.sign-in').waitFor()
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content')
    t.not(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none')
    await page.keyboard.press('Enter')
    t.equal(await page.evaluate('document.activeElement.id'), 'main')
  })

  t.test('what is printed has the facts and no buttons', async (t) => {
    const { page, go } = await openConsole(t, browser, world.url, { key: 'finance' })
    await go(`refund/${id}`)
    await page.locator('.facts').first().waitFor()
    await page.emulateMedia({ media: 'print' })
    t.equal(await page.locator('button:visible').count(), 0)
    t.ok(await page.locator('.facts').first().isVisible())
    t.ok((await page.pdf()).length > 1_000)
  })
})
