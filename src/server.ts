import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { CLOSE_GRACE_MS, longestCloseMs } from './closing.ts'
import { ConfigError, readConfig } from './config.ts'
import { startGateway } from './gateway.ts'

try {
  const config = readConfig(process.env)
  const log = pino({ level: config.logLevel })
  const gateway = await startGateway(config, log, (error) => {
    // Uncaught, so that it ends the process the way every unexpected error does: with grace, and status 1.
    setImmediate(() => {
      throw error
    })
  })
  closeWithGrace(
    { delay: longestCloseMs(config.cookiepay.timeoutMs), logger: log },
    async ({ signal, err }) => {
      if (err) log.fatal({ err }, 'unexpected error')
      log.info({ signal }, 'closing')
      await gateway.close(CLOSE_GRACE_MS)
    },
  )
} catch (error) {
  const isMistake = error instanceof ConfigError
  process.stderr.write(`${isMistake ? error.message : error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
