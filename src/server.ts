import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { checkConfig } from './check-config.ts'
import { ConfigError, readConfig } from './config.ts'
import { startGateway } from './gateway.ts'
import { watchRotation } from './rotation.ts'

/** How long after SIGTERM callers and balancers may still come with requests: they notice one by one. */
const CLOSE_GRACE_MS = 1_000

/** Longer than the drain, which ends by itself. */
const CLOSE_LIMIT_SLACK_MS = 30_000

/** As npm run check-config does: looks, tells, and ends. */
const CHECK_FLAG = '--check'

async function check(): Promise<void> {
  const isFine = await checkConfig(process.env, (line) => process.stdout.write(`${line}\n`))
  process.exitCode = isFine ? 0 : 1
}

async function serve(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino({ level: config.logLevel })
  const gateway = await startGateway(config, log, (error) => {
    // Uncaught, so that it ends the process the way every unexpected error does: with grace, and status 1.
    setImmediate(() => {
      throw error
    })
  })
  const rotation = watchRotation({ env: process.env, log, onChange: gateway.rotate })
  closeWithGrace(
    { delay: config.cookiepay.timeoutMs + CLOSE_LIMIT_SLACK_MS, logger: log },
    async ({ signal, err }) => {
      if (err) log.fatal({ err }, 'unexpected error')
      log.info({ signal }, 'closing')
      rotation.stop()
      await gateway.close(CLOSE_GRACE_MS)
    },
  )
}

try {
  await (process.argv.includes(CHECK_FLAG) ? check() : serve())
} catch (error) {
  const isMistake = error instanceof ConfigError
  process.stderr.write(`${isMistake ? error.message : error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
