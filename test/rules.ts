// npm run test:rules: what holds without a Redis, a provider or a socket, in one process and within seconds. The
// suite runs the same files, each in a process of its own.

import { readdirSync, statSync } from 'node:fs'
import { Server, Socket } from 'node:net'
import t from 'tap'

// For all of them together, on a busy machine.
t.setTimeout(300_000)

/** Files, and folders of which each file but those of their folders belongs here. */
const PURE = [
  'config',
  'cookiepay/decoding.test.ts',
  'cookiepay/messages.test.ts',
  'cookiepay/cancel-outcome.test.ts',
  'cookiepay/deposit-outcome.test.ts',
  'cookiepay/redaction.test.ts',
  'cookiepay/wordings.test.ts',
  'house',
  'http/access/idempotency-key.test.ts',
  'http/json-text.test.ts',
  'http/problems',
  'refunds',
  'refunds/flows/request-refund.test.ts',
  'refunds/flows/verify-payment.test.ts',
  'refunds/rules',
  'webhooks/guarded-lookup.test.ts',
  'webhooks/message.test.ts',
]

Server.prototype.listen = Socket.prototype.connect = () => {
  throw new Error('a test of rules opens a socket: test/rules.ts is the wrong place for it')
}

const here = new URL('./', import.meta.url)
for (const name of PURE) {
  const isFolder = statSync(new URL(name, here)).isDirectory()
  const files = isFolder ? readdirSync(new URL(name, here)).map((file) => `${name}/${file}`) : [name]
  for (const file of files.filter((file) => file.endsWith('.test.ts'))) await import(new URL(file, here).href)
}
