import { parseArgs } from 'node:util'
import { buildSandbox } from './app.ts'

const LONGEST_TIMER_MS = 2 ** 31 - 1

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '4000' },
    'token-lifetime-ms': { type: 'string', default: '3600000' },
    'slow-ms': { type: 'string', default: '3000' },
    'spacing-ms': { type: 'string', default: '0' },
    'notify-url': { type: 'string' },
  },
})

const app = buildSandbox({
  tokenLifetimeMs: wholeNumber('token-lifetime-ms', Number.MAX_SAFE_INTEGER),
  slowMs: wholeNumber('slow-ms', LONGEST_TIMER_MS),
  spacingMs: wholeNumber('spacing-ms', LONGEST_TIMER_MS),
  notifyUrl: values['notify-url'] ?? null,
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => app.close())

const address = await app.listen({ host: values.host, port: wholeNumber('port', 65_535) })
process.stdout.write(`sandbox listening on ${address}\n`)

function wholeNumber(name: 'port' | 'token-lifetime-ms' | 'slow-ms' | 'spacing-ms', max: number): number {
  const text = values[name]
  if (/^[0-9]+$/.test(text) && Number(text) <= max) return Number(text)
  process.stderr.write(`--${name} takes a whole number up to ${max}, not ${JSON.stringify(text)}\n`)
  process.exit(2)
}
