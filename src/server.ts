import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { type Logger, pino } from 'pino'
import { longestTimeoutMs } from './config/config.ts'
import { ConfigError } from './config/mistakes.ts'
import { readConfig } from './config/read-config.ts'
import { startGateway } from './gateway.ts'
import { createLogDestination } from './observability/log-destination.ts'
import type { Telemetry } from './observability/tracing.ts'
import { CLOSE_GRACE_MS, CLOSING_SIGNALS, longestCloseMs, SAME_WISH_MS } from './process/closing.ts'
import { watchRotation } from './process/rotation.ts'

/** How long the end waits for a collector that takes no spans. */
const LAST_SPANS_MS = 3_000

/** How long the end waits for a log that takes no lines. */
const LAST_LINES_MS = 1_000

async function serve(): Promise<void> {
  if (process.argv.length > 2) {
    throw new Error(
      'The gateway takes no arguments; node dist/commands/check-config.js checks its configuration.',
    )
  }
  const config = readConfig(process.env)
  const destination = createLogDestination((dropped) => log.warn({ dropped }, 'log lines are missing'))
  const log: Logger = pino({ level: config.logLevel }, destination)
  const telemetry = config.otlpEndpoint === null ? undefined : await loadTelemetry(config.otlpEndpoint, log)
  const gateway = await startGateway(config, log, { telemetry, droppedLogLines: destination.dropped })
  const rotation = watchRotation({ env: process.env, log, onChange: gateway.rotate })
  closeOnce(log, longestCloseMs(longestTimeoutMs(config.accounts)), async () => {
    rotation.stop()
    await gateway.close(CLOSE_GRACE_MS)
    if (telemetry) await Promise.race([telemetry.stop().catch(() => {}), sleep(LAST_SPANS_MS)])
    await destination.end(LAST_LINES_MS)
  })
}

/** Ends the process by `close`, once it is asked to, or after an unexpected error. */
function closeOnce(log: Logger, limitMs: number, close: () => Promise<void>): void {
  let asked: NodeJS.Signals | undefined
  let closingSince: number | undefined
  const { close: begin } = closeWithGrace(
    { delay: limitMs, logger: log, skip: [...CLOSING_SIGNALS] },
    async ({ err }) => {
      closingSince = performance.now()
      if (err) log.fatal({ err }, 'unexpected error')
      log.info({ signal: asked }, 'closing')
      await close()
    },
  )
  for (const signal of CLOSING_SIGNALS) {
    process.on(signal, () => {
      if (closingSince === undefined) {
        asked = signal
        void begin()
      } else if (performance.now() - closingSince > SAME_WISH_MS) {
        log.error({ signal }, 'asked again: what is in flight is cut off')
        process.exit(1)
      }
    })
  }
}

try {
  await serve()
} catch (error) {
  const isMistake = error instanceof ConfigError
  process.stderr.write(`${isMistake ? error.message : error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

/** Loaded only where it is wanted; its packages are optional. */
async function loadTelemetry(endpoint: string, log: Logger): Promise<Telemetry> {
  try {
    const { startTelemetry } = await import('./observability/opentelemetry.ts')
    return startTelemetry(endpoint, log)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ConfigError([
      'OTEL_EXPORTER_OTLP_ENDPOINT: got an endpoint where the packages for tracing are not installed; takes nothing then: unset it, or install with npm ci and without --omit=optional',
    ])
  }
}
