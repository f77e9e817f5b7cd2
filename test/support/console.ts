import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'
import { refundRequest } from './gateway.ts'
import { apiKey, bearer } from './keys.ts'
import { cancelAnswer, sendJson } from './provider-stub.ts'
import { startStubbedGateway } from './stubbed-gateway.ts'

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

/** Leaves out a test where there is no browser. */
export const IN_CHROMIUM = { skip: executablePath === undefined && 'there is no Chromium on the PATH' }

/** A Chromium that ends with the test. */
export async function startChromium(t: Test): Promise<Browser> {
  // The pages are the gateway's own; containers commonly cannot give the browser a sandbox.
  const browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  return browser
}

export const LANGUAGES = ['en', 'ko'] as const
export type Language = (typeof LANGUAGES)[number]

export type ConsolePage = Readonly<{
  page: Page
  /** Errors of the page, and what its policy has kept from it. */
  complaints: string[]
  /** Goes to a screen of the page, as its address does: `unknown?status=processing`. */
  go(screen: string): Promise<void>
}>

export type ConsoleOptions = BrowserContextOptions &
  Readonly<{
    language?: Language
    /** Signs in with it. */
    key?: string
    /** The screen that is opened. */
    opening?: string
  }>

/** The gateway's page in a tab of its own, which shares nothing with others, signed in where a key is given. */
export async function openConsole(
  t: Test,
  browser: Browser,
  url: string,
  { language = 'en', key, opening = '', ...options }: ConsoleOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({ locale: language === 'ko' ? 'ko-KR' : 'en-US', ...options })
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedType|trusted/i.test(message.text())) complaints.push(message.text())
  })
  await page.goto(`${url}/console#/${opening}`)
  if (key !== undefined) {
    await page.locator('input[type=password]').fill(key)
    await page.locator('form button').click()
  }
  if (key !== undefined || opening !== '') await settled(page)
  const go = async (to: string) => {
    await page.evaluate((hash) => {
      ;(globalThis as unknown as { location: { hash: string } }).location.hash = hash
    }, `#/${to}`)
    await settled(page)
  }
  return { page, complaints, go }
}

/** Callers of a world with people in it: each has its own name as its key. */
const SCOPES = {
  orders: 'create+refund_account+read',
  finance: 'read_all+resolve',
  second: 'read_all+resolve',
  audit: 'read_all',
  reader: 'read',
  desk: 'resolve',
  both: 'create+read_all+resolve',
} as const
export type Person = keyof typeof SCOPES

/** A gateway in front of a provider that answers as a test says, with callers of every kind. */
export async function startWorld(t: Test, env: Record<string, string> = {}) {
  const API_KEYS = Object.entries(SCOPES)
    .map(([name, scopes]) => apiKey(name, name, scopes))
    .join()
  const { stub, gateway, redis } = await startStubbedGateway(t, { API_KEYS, ...env })
  const refund = (body: unknown, key: string, by: Person = 'orders') => gateway.refund(body, key, bearer(by))

  /** A refund whose outcome nobody knows. */
  async function refundUnknown(key: string, body: Partial<RefundRequest> = {}, by: Person = 'orders') {
    stub.onCancel((response) => sendJson(response, {}, 500))
    const wanted = refundRequest(body)
    const answer = await refund(wanted, key, by)
    stub.onCancel((response, call) => sendJson(response, cancelAnswer(call.body)))
    if (answer.status !== 202) throw new Error(`${key}: ${JSON.stringify(answer.body)}`)
    return { id: answer.body.id, tid: wanted.tid }
  }

  return { url: gateway.url, gateway, stub, redis, refund, refundUnknown }
}

/** Waits until a screen is there and has read what it shows. */
export async function settled(page: Page): Promise<void> {
  await page.locator('.screen h1').waitFor()
  await page.locator('.loading').first().waitFor({ state: 'detached' })
}

/** What a person sees of this element, and not what is hidden in it. */
export async function seenIn(page: Page, selector: string): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: textContent has what is hidden, too.
  return page.locator(selector).first().innerText()
}
