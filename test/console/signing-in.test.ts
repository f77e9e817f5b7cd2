import t from 'tap'
import { createAuthority } from '../support/certificates.ts'
import {
  IN_CHROMIUM,
  LANGUAGES,
  openConsole,
  type Person,
  startChromium,
  startWorld,
} from '../support/console.ts'
import { gatewayEnv, startAll, startTestGateway } from '../support/gateway.ts'
import { apiKey } from '../support/keys.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'

const IDLE_MINUTES = 15
/** What each key is led to, in English. */
const SEES: Readonly<Partial<Record<Person, readonly string[]>>> = {
  finance: ['Today', 'Unknown', 'Find', 'Actions', 'State'],
  audit: ['Today', 'Unknown', 'Find', 'Actions', 'State'],
  reader: ['Unknown', 'Find', 'State'],
  desk: ['Actions', 'State'],
}
const TEXTS = {
  en: { refused: 'That did not work', byHand: 'The key is forgotten', idle: 'Nobody touched the page' },
  ko: { refused: '처리하지 못했습니다', byHand: '키를 지웠습니다', idle: '사용하지 않아 로그아웃' },
}

t.test('signing in', IN_CHROMIUM, async (t) => {
  const [world, browser] = await Promise.all([startWorld(t), startChromium(t)])
  const { url } = world

  for (const language of LANGUAGES) {
    t.test(
      `a wrong key is refused, a right one lets in, and signing out forgets it (${language})`,
      async (t) => {
        const { page, complaints } = await openConsole(t, browser, url, { language })
        const field = page.locator('input[type=password]')
        await field.fill('wrong')
        await page.locator('form button').click()
        await page.getByRole('alert').getByText(TEXTS[language].refused).waitFor()
        t.equal(await field.inputValue(), '', 'what was typed is gone')

        await field.fill('finance')
        await field.press('Enter')
        await page.locator('.screen h1').waitFor()
        t.match(await page.locator('.caller').textContent(), 'finance')
        t.equal(await page.locator('html').getAttribute('lang'), language)

        await page.locator('.who button').first().click()
        await page.getByText(TEXTS[language].byHand).waitFor()
        t.equal(await page.locator('.screen').count(), 0)
        t.same(complaints, [])
      },
    )

    t.test(`nobody there for ${IDLE_MINUTES} minutes: signed out (${language})`, async (t) => {
      const { page } = await openConsole(t, browser, url, { language })
      await page.clock.install()
      await page.reload()
      await page.locator('input[type=password]').fill('finance')
      await page.locator('form button').click()
      await page.locator('.screen h1').waitFor()
      await page.clock.fastForward((IDLE_MINUTES - 1) * 60_000)
      await page.keyboard.press('Shift')
      await page.clock.fastForward((IDLE_MINUTES - 1) * 60_000)
      t.equal(await page.locator('.screen').count(), 1, 'a touch counts')
      await page.clock.fastForward(2 * 60_000)
      await page.getByText(TEXTS[language].idle).waitFor()
    })
  }

  t.test('who comes back to a machine that slept is signed out by the first touch', async (t) => {
    const { page } = await openConsole(t, browser, url)
    await page.clock.install()
    await page.reload()
    await page.locator('input[type=password]').fill('finance')
    await page.locator('form button').click()
    await page.locator('.screen h1').waitFor()
    // The clock went on, and no timer ran.
    await page.clock.setSystemTime(Date.now() + (IDLE_MINUTES + 1) * 60_000)
    await page.mouse.click(5, 5)
    await page.getByText(TEXTS.en.idle).waitFor()
  })

  t.test('a key is in the memory of its tab and nowhere else', async (t) => {
    const { page } = await openConsole(t, browser, url, { key: 'finance' })
    const kept = await page.evaluate(
      'JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state, document.documentElement.outerHTML])',
    )
    t.notMatch(String(kept), /Bearer|"finance"|value="finance"/)
    const other = await page.context().newPage()
    await other.goto(`${url}/console`)
    await other.locator('.sign-in').waitFor()
    await page.reload()
    await page.locator('.sign-in').waitFor()
  })

  t.test('scopes decide which screens there are', async (t) => {
    for (const [key, screens] of Object.entries(SEES)) {
      const { page, go } = await openConsole(t, browser, url, { key })
      t.same(await page.locator('header nav a').allInnerTexts(), screens, key)
      if (key === 'reader' || key === 'desk') {
        await go('today')
        t.match(await page.getByRole('alert').textContent(), 'read_all', `${key} is told what it lacks`)
      }
    }
  })

  t.test('a key that cannot resolve is shown no way to', async (t) => {
    const { id } = await world.refundUnknown('scopes')
    const { page, go } = await openConsole(t, browser, url, { key: 'audit' })
    await go(`refund/${id}`)
    await page.locator('.timeline').first().waitFor()
    t.equal(await page.locator('.resolve').count(), 0)
  })

  t.test('a key that is taken away in between: signed out, and told so', async (t) => {
    const { page, go } = await openConsole(t, browser, url, { key: 'finance' })
    await go('state')
    await page.route('**/refunds?**', (route) =>
      route.fulfill({
        status: 401,
        contentType: 'application/problem+json',
        body: '{"code":"unauthenticated","detail":"no"}',
      }),
    )
    await page.locator('header nav a', { hasText: 'Unknown' }).click()
    await page.getByText('The key is not accepted any more').waitFor()
  })

  t.test('the language is switched at once, and remembered', async (t) => {
    const { page } = await openConsole(t, browser, url, { key: 'reader' })
    await page.getByRole('button', { name: '한국어' }).click()
    t.match(await page.locator('header nav').textContent(), '찾기')
    await page.reload()
    await page.getByRole('heading', { name: '로그인' }).waitFor()
  })
})

t.test('an open gateway asks for no key', IN_CHROMIUM, async (t) => {
  const [{ url }, browser] = await Promise.all([startAll(t), startChromium(t)])
  const { page } = await openConsole(t, browser, url, { opening: 'state' })
  t.match(await page.locator('.caller').textContent(), 'open gateway')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Continue without a key' }).click()
  await page.locator('.screen h1').waitFor()
})

t.test('with a client certificate no key is asked for', IN_CHROMIUM, async (t) => {
  const [authority, sandbox, redis, browser] = await Promise.all([
    createAuthority(t),
    startSandbox(t),
    startTestRedis(t),
    startChromium(t),
  ])
  const [own, client] = await Promise.all([
    authority.issue('localhost', ['localhost']),
    authority.issue('finance', ['finance']),
  ])
  const gateway = await startTestGateway(t, {
    ...gatewayEnv(sandbox.base, redis),
    API_KEYS: ['finance:cert:read_all+resolve', apiKey('orders', 'key', 'read')].join(),
    TLS_CERT_FILE: own.certFile,
    TLS_KEY_FILE: own.keyFile,
    TLS_CLIENT_CA_FILE: authority.certFile,
    STORE_SECRETS: Buffer.alloc(32, 9).toString('base64'),
  })
  const url = gateway.url.replace('127.0.0.1', 'localhost')
  const { page } = await openConsole(t, browser, url, {
    opening: 'state',
    ignoreHTTPSErrors: true,
    clientCertificates: [{ origin: url, certPath: client.certFile, keyPath: client.keyFile }],
  })
  t.match(await page.locator('.caller').textContent(), 'finance')
})
