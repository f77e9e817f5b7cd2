import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Series } from './results.ts'
import { resultsPath } from './results-file.ts'

export type BenchOptions = Readonly<{
  rounds: number
  seconds: number
  warmUpMs: number
  connections: readonly number[]
  aof: readonly Series['aof'][]
  /** Null: all servers. */
  only: readonly string[] | null
  /** Other builds of the gateway, measured in the same rounds: what a change has brought. */
  also: readonly Readonly<{ name: string; directory: string }>[]
  providerDelayMs: number
  /** Arguments of node for the gateway, such as `--cpu-prof`. */
  nodeArguments: readonly string[]
  build: boolean
  /** Where the results go; null: a trial, of which nothing is written. */
  out: string | null
}>

const USAGE = `npm run bench -- [options]
  --rounds N            rounds of each server (7)
  --seconds S           measured time of one round (4)
  --warm-up S           time of each kind of request before the first round (3)
  --connections LIST    loads to measure (1,32,256)
  --aof LIST            always, off or both (always,off)
  --only LIST           servers to measure (all); writes no results
  --also NAME=DIR       another build of the gateway beside this one, any number of times; writes no results
  --provider-delay-ms N how long the provider takes to answer (0)
  --node-arguments ARGS for the gateway's node, such as --node-arguments="--cpu-prof --cpu-prof-dir=/tmp/p"
  --no-build            measures dist/ as it is
  --out FILE            where the results go (bench/results/bench.json)`

export function readOptions(): BenchOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '4' },
      'warm-up': { type: 'string', default: '3' },
      connections: { type: 'string', default: '1,32,256' },
      aof: { type: 'string', default: 'always,off' },
      only: { type: 'string' },
      also: { type: 'string', multiple: true, default: [] },
      'provider-delay-ms': { type: 'string', default: '0' },
      'node-arguments': { type: 'string', default: '' },
      'no-build': { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${USAGE}\n`)
    process.exit(0)
  }
  const only = values.only?.split(',') ?? null
  const isWhole = only === null && values.also.length === 0
  return {
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    warmUpMs: positive('warm-up', values['warm-up']) * 1_000,
    connections: wholeNumbers('connections', values.connections),
    aof: values.aof.split(',').map(readAof),
    only,
    also: values.also.map(readBuild),
    providerDelayMs: Number(values['provider-delay-ms']),
    nodeArguments: values['node-arguments'].split(' ').filter((text) => text !== ''),
    build: !values['no-build'],
    out: values.out ?? (isWhole ? resultsPath('bench') : null),
  }
}

/** A wrong option ends the process, with one line that says what is right. */
export function refuse(mistake: string): never {
  process.stderr.write(`${mistake}\n`)
  process.exit(2)
}

export function positive(name: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  return refuse(`--${name} takes a number above 0, not ${JSON.stringify(text)}`)
}

export function wholeNumbers(name: string, text: string): readonly number[] {
  const numbers = text.split(',').map(Number)
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers
  return refuse(`--${name} takes whole numbers above 0, such as 1,100, not ${JSON.stringify(text)}`)
}

function readAof(text: string): Series['aof'] {
  if (text === 'always' || text === 'off') return text
  return refuse(`--aof takes always, off or both, not ${JSON.stringify(text)}`)
}

function readBuild(text: string): BenchOptions['also'][number] {
  const [, name, directory] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (name === undefined || directory === undefined) refuse('--also takes NAME=DIRECTORY')
  return { name, directory: resolve(directory) }
}
