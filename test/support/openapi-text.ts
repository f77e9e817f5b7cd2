import { Buffer } from 'node:buffer'
import { pino } from 'pino'
import { readConfig } from '../../src/config/read-config.ts'
import type { AppParts } from '../../src/http/app.ts'
import { buildApp } from '../../src/http/app.ts'
import { createMetrics } from '../../src/observability/metrics.ts'

/** The OpenAPI document as it is committed: of an app whose parts are never called. */
export async function openapiText(): Promise<string> {
  const uncalled = new Proxy(
    {},
    { get: (_target, name) => () => Promise.reject(new Error(`${String(name)} was called`)) },
  )
  const parts = {
    log: pino({ level: 'silent' }),
    metrics: createMetrics({
      countAwaitingDeposit: async () => 0,
      countUnsettled: async () => 0,
      oldestUnknownAt: async () => null,
      storeNow: () => 0,
      limitUse: async () => [],
      eventBacklog: async () => [],
      lastReconciled: async () => null,
      countPendingWrites: () => 0,
      isReady: () => false,
      storeState: () => 'unavailable',
      isPaused: () => false,
      droppedLogLines: () => 0,
    }),
    readiness: () => ({ ready: false, parts: {} }),
    apiKeys: () => null,
    events: { journal: uncalled, queue: uncalled, asked: () => undefined },
    refunds: { accounts: new Map(), store: uncalled, provider: uncalled, storeSecrets: [Buffer.alloc(32)] },
  } as unknown as AppParts
  const app = await buildApp(
    readConfig({ COOKIEPAY_ID: 'demo', COOKIEPAY_KEY: 'demo', COOKIEPAY_PG: 'toss' }),
    parts,
  )
  await app.ready()
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  return text
}
