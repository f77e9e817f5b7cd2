import closeWithGrace from 'close-with-grace'
import { type DestinationStream, type Logger, pino } from 'pino'
import { checkConfig } from './check-config.ts'
import { CLOSE_GRACE_MS, longestCloseMs } from './closing.ts'
import { ConfigError, longestTimeoutMs, readConfig } from './config.ts'
import { startGateway } from './gateway.ts'
import type { Telemetry } from './http/telemetry.ts'
import { watchRotation } from './rotation.ts'

/** Lines are written together; what a killed process takes with it is a tenth of a second of them. */
const LOG_DESTINATION = { minLength: 12_288, periodicFlush: 100, sync: false } as const

/** Given as buffers: given texts, the destination would count the bytes of all that wait, at each line. */
function logDestination(): DestinationStream & { flushSync(): void } {
  const destination = pino.destination({ ...LOG_DESTINATION, contentMode: 'buffer' })
  return {
    write: (line) => destination.write(Buffer.from(line) as unknown as string),
    flushSync: () => destination.flushSync(),
  }
}

/** As npm run check-config does: looks, tells, and ends. */
const CHECK_FLAG = '--check'

async function check(): Promise<void> {
  const isFine = await checkConfig(process.env, (line) => process.stdout.write(`${line}\n`))
  process.exitCode = isFine ? 0 : 1
}

async function serve(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino({ level: config.logLevel }, logDestination())
  const telemetry = config.otlpEndpoint === null ? undefined : await loadTelemetry(config.otlpEndpoint, log)
  const gateway = await startGateway(config, log, telemetry)
  const rotation = watchRotation({ env: process.env, log, onChange: gateway.rotate })
  closeWithGrace(
    { delay: longestCloseMs(longestTimeoutMs(config.accounts)), logger: log },
    async ({ signal, err }) => {
      if (err) log.fatal({ err }, 'unexpected error')
      log.info({ signal }, 'closing')
      rotation.stop()
      await gateway.close(CLOSE_GRACE_MS)
      await telemetry?.stop().catch(() => {})
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

/** Loaded only where it is wanted; its packages are optional. */
async function loadTelemetry(endpoint: string, log: Logger): Promise<Telemetry> {
  try {
    const { startTelemetry } = await import('./telemetry.ts')
    return startTelemetry(endpoint, log)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ConfigError([
      'OTEL_EXPORTER_OTLP_ENDPOINT: got an endpoint where the packages for tracing are not installed; takes nothing then: unset it, or install with npm ci and without --omit=optional',
    ])
  }
}
