import type { Page } from 'playwright-core'
import t from 'tap'
import { refundId } from '../../src/refunds/refund-id.ts'
import { until } from '../support/calls.ts'
import { IN_CHROMIUM, openConsole, settled, startChromium, startWorld } from '../support/console.ts'
import { begun, newClaim, newIntent, UNKNOWN } from '../support/store-intents.ts'
import { connectStore } from '../support/store-start.ts'
import { startStubbedGateway } from '../support/stubbed-gateway.ts'

const MANY = 10_000
const AT_ONCE = 200
const FIRST_PAGE = 20

const rows = (page: Page) => page.locator('table.cards tbody tr')
const idsOn = (page: Page) => page.locator('table.cards tbody td:last-child a').allTextContents()

t.test('the queue', IN_CHROMIUM, async (t) => {
  t.test('pages lose and repeat nothing while refunds go on', async (t) => {
    const [world, browser] = await Promise.all([startWorld(t), startChromium(t)])
    const ids: string[] = []
    for (let count = 0; count < 45; count++) ids.push((await world.refundUnknown(`queue-${count}`)).id)
    const { page, go } = await openConsole(t, browser, world.url, { key: 'finance' })
    await go('unknown')
    const seen: string[] = []
    let isBusy = true
    const busy = (async () => {
      for (let count = 0; isBusy; count++) {
        // On a busy machine one may be refused: others come.
        await world.refundUnknown(`meanwhile-${count}`).catch(() => {})
        await world.gateway.request(`/refunds/${ids[40 + (count % 4)]}/resolve`, {
          headers: { authorization: 'Bearer finance' },
          body: { outcome: 'succeeded', note: 'meanwhile' },
        })
      }
    })()
    for (let number = 0; number < 2; number++) {
      await rows(page).nth(19).waitFor()
      seen.push(...(await idsOn(page)))
      await page.getByRole('link', { name: 'Next page' }).click()
      await until('the next page', async () => (await idsOn(page))[0] !== seen.at(-20))
      await settled(page)
    }
    isBusy = false
    await busy
    t.same(seen, ids.slice(0, 40))
    await page.goBack()
    await settled(page)
    await page.getByRole('link', { name: 'First page' }).click()
    await until('the first page', async () => (await idsOn(page))[0] === ids[0])
  })

  t.test(`the first screen asks for no more where ${MANY} refunds are unknown`, async (t) => {
    // Open, so that nobody types a key.
    const { gateway, redis } = await startStubbedGateway(t)
    const { store } = await connectStore(t, redis)
    async function leaveUnknown(first: number, count: number): Promise<void> {
      for (let done = 0; done < count; done += AT_ONCE) {
        await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, count - done) }, async (_, index) => {
            const number = first + done + index
            const claim = newClaim({ id: refundId('orders', `many-${number}`), tid: `many-${number}-10000` })
            await store.settle(await begun(store, newIntent(claim)), UNKNOWN)
          }),
        )
      }
    }
    async function firstScreen(): Promise<string[]> {
      // Of a browser that has seen nothing yet.
      const browser = await startChromium(t)
      const page = await browser.newPage()
      const asked: string[] = []
      // Beside the payments of the rows, each of which comes into view in its own time.
      page.on('request', (request) => {
        const { pathname } = new URL(request.url())
        if (!pathname.startsWith('/payments/')) asked.push(pathname)
      })
      const began = performance.now()
      await page.goto(`${gateway.url}/console`)
      await rows(page)
        .nth(FIRST_PAGE - 1)
        .waitFor()
      t.comment(`${Math.round(performance.now() - began)} ms`)
      t.equal(await rows(page).count(), FIRST_PAGE)
      await settled(page)
      await browser.close()
      return asked.sort()
    }
    await leaveUnknown(0, FIRST_PAGE)
    const few = await firstScreen()
    await leaveUnknown(FIRST_PAGE, MANY - FIRST_PAGE)
    t.same(await firstScreen(), few)
  })
})
