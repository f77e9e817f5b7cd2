import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startAll } from '../support/gateway.ts'
import { apiKey } from '../support/keys.ts'
import { startPrefixProxy } from '../support/prefix-proxy.ts'

const executablePath = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name)))
  .find(isExecutable)

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Presses Execute on POST /refunds, and gives the answer that the browser got. */
async function execute(page: Page) {
  const answered = page.waitForResponse((response) => response.url().endsWith('/refunds'))
  await page.locator('#operations-refunds-createRefund button.execute').click()
  return answered
}

async function openPage(t: Test): Promise<Page> {
  // The page is the gateway's own; containers commonly cannot give the browser a sandbox.
  const browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  return browser.newPage()
}

const WHERE_IT_IS = { skip: executablePath === undefined && 'there is no Chromium on the PATH' }

t.test('Swagger UI works below a path that a proxy strips and says nothing of', WHERE_IT_IS, async (t) => {
  const { url } = await startAll(t)
  const proxied = await startPrefixProxy(t, url, '/shop/pay', {})
  const page = await openPage(t)
  const addresses = ['/docs', '/docs/', '/docs?x=1', '/docs/?x=1', '/docs/static/index.html']
  for (const [count, address] of addresses.entries()) {
    await page.goto(proxied + address)
    const operation = page.locator('#operations-refunds-createRefund')
    await operation.locator('.opblock-summary-control').click()
    const answer = await execute(page)
    t.equal(answer.url(), `${proxied}/refunds`, address)
    t.equal(answer.status(), 201)
    t.equal(answer.headers()['idempotent-replayed'], count === 0 ? undefined : 'true')
  }
})

t.test('Swagger UI in a browser makes a refund, and replays it', WHERE_IT_IS, async (t) => {
  const { url } = await startAll(t, { API_KEYS: apiKey('browser', 'key', 'create+read') })
  const page = await openPage(t)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text())
  })

  await page.goto(`${url}/docs`)
  await page.locator('button.authorize').first().click()
  await page.locator('.auth-container input').fill('key')
  await page.locator('.auth-container button[type=submit]').click()
  await page.locator('.auth-container button.btn-done').click()

  const operation = page.locator('#operations-refunds-createRefund')
  await operation.locator('.opblock-summary-control').click()
  // The switch is on from the start (`tryItOutEnabled`): off, and on again.
  await operation.locator('button.try-out__btn.cancel').click()
  await operation.locator('button.try-out__btn').click()

  const first = await execute(page)
  t.equal(first.status(), 201)
  t.equal(first.headers()['idempotent-replayed'], undefined)
  await operation.locator('.live-responses-table .response-col_status', { hasText: '201' }).first().waitFor()

  const replay = await execute(page)
  t.equal(replay.status(), 201)
  t.equal(replay.headers()['idempotent-replayed'], 'true')
  await operation.locator('.live-responses-table', { hasText: 'idempotent-replayed: true' }).waitFor()
  t.strictSame(complaints, [], 'the page works within its Content-Security-Policy')
})

t.test('Swagger UI shows the name of the product', WHERE_IT_IS, async (t) => {
  const { url } = await startAll(t)
  const page = await openPage(t)
  await page.goto(`${url}/docs`)
  const NAME = 'CookiePay Refund Gateway'
  t.equal(await page.title(), NAME)
  t.match(await page.locator('.info .title').textContent(), NAME)

  const logo = page.locator('.topbar .link img')
  await logo.waitFor()
  const [, encoded = ''] =
    /^data:image\/svg\+xml;base64,(.+)$/.exec((await logo.getAttribute('src')) ?? '') ?? []
  t.match(Buffer.from(encoded, 'base64').toString(), `>${NAME}</text>`)
  t.ok(
    await logo.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth > 0),
    'the page may show it',
  )

  const icon = await page.locator('link[rel=icon]').getAttribute('href')
  const answer = await page.request.get(new URL(icon as string, `${url}/docs`).href)
  t.equal(answer.headers()['content-type'], 'image/svg+xml')
})

t.test(
  'Swagger UI shows examples by their names, and sends the one that is chosen',
  WHERE_IT_IS,
  async (t) => {
    const { url } = await startAll(t)
    const page = await openPage(t)
    await page.goto(`${url}/docs`)
    for (const id of ['createRefund', 'getRefund', 'listRefundEvents', 'resolveRefund', 'listRefunds']) {
      const operation = page.locator(`#operations-refunds-${id}`)
      await operation.locator('.opblock-summary-control').click()
      await operation.locator('.responses-table .response').first().waitFor()
      const codes = await operation.locator('.responses-table .response').count()
      t.ok(codes >= 7, id)
      t.equal(
        await operation.locator('.response .examples-select-element').count(),
        codes,
        `${id}: each code`,
      )
      const names = await operation.locator('.examples-select-element option').allTextContents()
      for (const name of names) t.notMatch(name, /^example ?\d|^$/, `${id}: ${name}`)
    }

    const operation = page.locator('#operations-refunds-createRefund')
    const chosen = { label: 'A part of a card payment' }
    await operation.locator('.opblock-section-request-body .examples-select-element').selectOption(chosen)
    await operation.locator('.parameters input').first().fill('order-1043-refund-1')
    const answer = await execute(page)
    t.equal(answer.status(), 201)
    t.match(await answer.json(), { kind: 'partial', amount: 3_000 })
  },
)
