import { randomBytes } from 'node:crypto'

/** The key of the one caller that the gateway knows in a benchmark. */
export const API_KEY = 'bench-caller-key-0123456789'

export const PAID = 50_000

/** How many different requests a round of replays repeats, in turn. */
const REPEATED = 1_000

/** Writes the HTTP requests of one server. */
export type RequestWriter = Readonly<{
  /** A request that was not made before, with a key and a payment of its own. */
  next(): string
  /** One of the latest, as it was. */
  again(): string
  /** None that was made so far is repeated any more: the store has forgotten them. */
  forget(): void
}>

/**
 * A refund as a shop would ask for it, the same for every server. Keys and tids all have one length, so that
 * what surrounds them is written once: the generator of the load is to cost as little as it can.
 */
export function createRequestWriter(url: string, accounts: readonly string[] = []): RequestWriter {
  const write = createTemplate(new URL(url).host, accounts)
  let made = 0
  let forgotten = 0
  let repeated = 0
  return {
    next() {
      made += 1
      return write(made)
    },
    again() {
      const known = Math.min(REPEATED, made - forgotten)
      if (known === 0) throw new Error('bug: there is nothing to repeat')
      repeated += 1
      return write(made - (repeated % known))
    },
    forget() {
      forgotten = made
    },
  }
}

/** The body of a refund in full, as a shop would send it. */
export function refundBody(tid: string, account?: string) {
  return {
    tid,
    reason: '고객 변심',
    payment: { method: 'card_auth', amount: PAID },
    metadata: { order: 'A-2026-104329' },
    ...(account !== undefined && { account }),
  } as const
}

function createTemplate(host: string, accounts: readonly string[]): (number: number) => string {
  const run = randomBytes(4).toString('hex')
  const digits = (number: number) => String(number).padStart(9, '0')
  const keyOf = (number: number) => `refund-${run}-${digits(number)}`
  // What was paid stands at the end, for the provider.
  const tidOf = (number: number) => `${run}${digits(number)}-${PAID}`

  const named = accounts.length === 0 ? [undefined] : accounts
  const templates = named.map((account) => {
    const [head, tail] = JSON.stringify(refundBody('#', account)).split('#') as [string, string]
    const start = [
      'POST /refunds HTTP/1.1',
      `Host: ${host}`,
      `Authorization: Bearer ${API_KEY}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(head + tidOf(0) + tail)}`,
      'Idempotency-Key: ',
    ].join('\r\n')
    return { start, head, tail }
  })
  return (number) => {
    const { start, head, tail } = templates[number % templates.length] as (typeof templates)[number]
    return `${start}${keyOf(number)}\r\n\r\n${head}${tidOf(number)}${tail}`
  }
}
