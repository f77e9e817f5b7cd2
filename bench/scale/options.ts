import { parseArgs } from 'node:util'
import { positive, refuse, wholeNumbers } from '../options.ts'
import { resultsPath } from '../results-file.ts'

export type ScaleOptions = Readonly<{
  sizes: readonly number[]
  partials: readonly number[]
  accounts: readonly number[]
  unsettled: number
  requestsPerSecond: number
  rounds: number
  seconds: number
  warmUpRequests: number
  parts: readonly Part[]
  out: string | null
  directory: string
  print(line: string): void
}>

const PARTS = ['sizes', 'partials', 'accounts', 'sweeps'] as const
type Part = (typeof PARTS)[number]

const USAGE = `npm run bench:scale -- [options]
  --sizes LIST      settled refunds in the store (1000,100000,1000000)
  --rate N          requests a second while the sizes are compared (200)
  --partials LIST   partial refunds that a payment has (1,100,5000)
  --accounts LIST   accounts of a gateway (1,10,100)
  --unsettled N     unsettled refunds in the reconciler's index (5000)
  --rounds N        rounds of each (7)
  --seconds S       measured time of one round (5)
  --warm-up N       requests of each kind before the first round (10000)
  --only LIST       parts of ${PARTS.join(', ')} (all); writes no results
  --out FILE        where the results go (bench/results/scale.json)
`

export function readScaleOptions(): Omit<ScaleOptions, 'directory' | 'print'> {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '1000,100000,1000000' },
      rate: { type: 'string', default: '200' },
      partials: { type: 'string', default: '1,100,5000' },
      accounts: { type: 'string', default: '1,10,100' },
      unsettled: { type: 'string', default: '10000' },
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '5' },
      'warm-up': { type: 'string', default: '5000' },
      only: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  return {
    sizes: wholeNumbers('sizes', values.sizes),
    partials: wholeNumbers('partials', values.partials),
    accounts: wholeNumbers('accounts', values.accounts),
    unsettled: positive('unsettled', values.unsettled),
    requestsPerSecond: positive('rate', values.rate),
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    warmUpRequests: positive('warm-up', values['warm-up']),
    parts: values.only?.split(',').map(readPart) ?? PARTS,
    out: values.out ?? (values.only === undefined ? resultsPath('scale') : null),
  }
}

function readPart(text: string): Part {
  const part = PARTS.find((one) => one === text)
  return part ?? refuse(`--only takes some of ${PARTS.join(', ')}, not ${JSON.stringify(text)}`)
}
