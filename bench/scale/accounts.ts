import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gatewayOf, ROOT } from '../contenders.ts'
import { createRequestWriter } from '../requests.ts'
import type { ScaleResults } from '../results.ts'
import { type Runner, runRounds, warmUp } from '../rounds.ts'
import { openStage, type Stage } from '../stage.ts'
import type { ScaleOptions } from './options.ts'

const CONNECTIONS = 32

/** As much load as a gateway takes, spread evenly over so many accounts. */
export async function measureAccounts(options: ScaleOptions): Promise<ScaleResults['accounts']> {
  const stage = await openStage({ directory: options.directory, aof: 'always', providerDelayMs: 0 })
  try {
    const runners: Runner[] = []
    for (const [database, accounts] of options.accounts.entries()) {
      runners.push(await startRunner(accounts, { stage, database, directory: options.directory }))
    }
    for (const runner of runners) await warmUp(runner, options.warmUpRequests)
    const measured = await runRounds(runners, {
      connections: CONNECTIONS,
      rounds: options.rounds,
      durationMs: options.seconds * 1_000,
      onRound: (number) => options.print(`accounts: round ${number} of ${options.rounds}`),
    })
    return options.accounts.map((accounts) => ({
      accounts,
      series: measured
        .filter(({ server }) => server === nameOf(accounts))
        .map((one) => ({ ...one, connections: CONNECTIONS, aof: stage.aof })),
    }))
  } finally {
    await stage.stop()
  }
}

const nameOf = (accounts: number) => `${accounts} accounts`

async function startRunner(
  count: number,
  { stage, database, directory }: { stage: Stage; database: number; directory: string },
): Promise<Runner> {
  const names = Array.from({ length: count }, (_, index) => `account-${String(index).padStart(4, '0')}`)
  const accountsFile = join(directory, `${count}-accounts.json`)
  const accounts = names.map((name) => ({ name, id: name, key: 'shop-key', pg: 'toss' }))
  await writeFile(accountsFile, JSON.stringify(accounts))

  const contender = gatewayOf(nameOf(count), join(ROOT, 'dist'))
  const process = await stage.start(contender, database, {
    COOKIEPAY_ACCOUNTS_FILE: accountsFile,
    COOKIEPAY_ID: '',
    COOKIEPAY_KEY: '',
    COOKIEPAY_PG: '',
  })
  return {
    contender,
    process,
    helpers: { redis: stage.redis.pid, provider: stage.provider.pid },
    redis: stage.redis.connect(database),
    requests: createRequestWriter(process.url, names),
  }
}
