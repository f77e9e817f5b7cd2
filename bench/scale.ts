// npm run bench:scale -- [--sizes 1000,100000,1000000] [--only sizes,partials,accounts,sweeps] ...
import { describeMachine, leaveServerCore } from './machine.ts'
import type { ScaleResults } from './results.ts'
import { commandLine, writeResults } from './results-file.ts'
import { measureAccounts } from './scale/accounts.ts'
import { readScaleOptions, type ScaleOptions } from './scale/options.ts'
import { measurePartials } from './scale/partials.ts'
import { measureStoreSizes } from './scale/store-size.ts'
import { measureSweeps } from './scale/sweeps.ts'
import { drawReport, prepare } from './setup.ts'
import { scaleText } from './summary.ts'
import { createWorkDirectory } from './work-directory.ts'

const print = (line: string) => process.stdout.write(`${line}\n`)
const options: ScaleOptions = { ...readScaleOptions(), directory: createWorkDirectory(), print }
const machine = describeMachine()
prepare({ buildGateway: true })
leaveServerCore()

const isAsked = (part: ScaleOptions['parts'][number]) => options.parts.includes(part)
const results: ScaleResults = {
  command: commandLine('bench:scale'),
  machine,
  requestsPerSecond: options.requestsPerSecond,
  storeSizes: isAsked('sizes') ? await measureStoreSizes(options) : [],
  partials: isAsked('partials') ? await measurePartials(options) : [],
  accounts: isAsked('accounts') ? await measureAccounts(options) : [],
  sweeps: isAsked('sweeps') ? await measureSweeps(options) : [],
}
print(scaleText(results))
if (options.out !== null) {
  await writeResults(options.out, results)
  drawReport()
}
