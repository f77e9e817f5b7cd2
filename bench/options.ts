import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Series } from './results.ts'
import { benchResultsPath } from './results-file.ts'

export type BenchOptions = Readonly<{
  rounds: number
  seconds: number
  /** Of each kind, before the first round. */
  warmUpRequests: number
  connections: readonly number[]
  aof: readonly Series['aof'][]
  /** Null: all servers. */
  only: readonly string[] | null
  /** Other builds of the gateway, measured in the same rounds: what a change has brought. */
  also: readonly Readonly<{ name: string; directory: string }>[]
  /** After how many refunds it is asked what a process holds. */
  refunds: number
  /** What is measured. */
  parts: readonly Part[]
  providerDelayMs: number
  /** The Node.js of the servers under test, such as `26`; null: what runs this benchmark. */
  node: string | null
  /** Arguments of node for the gateway, such as `--cpu-prof`. */
  nodeArguments: readonly string[]
  build: boolean
  /** Where the results go; null: a trial, of which nothing is written. */
  out: string | null
}>

const PARTS = ['loads', 'commands', 'starts', 'memory'] as const
type Part = (typeof PARTS)[number]

const USAGE = `npm run bench -- [options]
  --rounds N            rounds of each server (7)
  --seconds S           measured time of one round (4)
  --warm-up N           requests of each kind before the first round (20000)
  --connections LIST    loads to measure (1,32,256)
  --aof LIST            always, off or both (always,off)
  --only LIST           servers to measure (all); writes no results
  --also NAME=DIR       another build of the gateway beside this one, any number of times; writes no results
  --parts LIST          some of loads, commands (to Redis), starts, memory (all); writes no results
  --refunds N           refunds of one process before its memory is looked at (100000)
  --provider-delay-ms N how long the provider takes to answer (0)
  --node VERSION        the Node.js of the servers, such as 26, which the container has (the one that runs this)
  --node-arguments ARGS for the gateway's node, such as --node-arguments="--cpu-prof --cpu-prof-dir=/tmp/p"
  --no-build            measures dist/ as it is
  --out FILE            where the results go (bench/results/bench.json, or bench-node-26.json with --node 26)`

export function readOptions(): BenchOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '4' },
      'warm-up': { type: 'string', default: '20000' },
      connections: { type: 'string', default: '1,32,256' },
      aof: { type: 'string', default: 'always,off' },
      only: { type: 'string' },
      also: { type: 'string', multiple: true, default: [] },
      parts: { type: 'string' },
      refunds: { type: 'string', default: '100000' },
      'provider-delay-ms': { type: 'string', default: '0' },
      node: { type: 'string' },
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
  const isWhole = only === null && values.also.length === 0 && values.parts === undefined
  return {
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    warmUpRequests: positive('warm-up', values['warm-up']),
    connections: wholeNumbers('connections', values.connections),
    aof: values.aof.split(',').map(readAof),
    only,
    also: values.also.map(readBuild),
    refunds: positive('refunds', values.refunds),
    parts: values.parts?.split(',').map(readPart) ?? PARTS,
    providerDelayMs: Number(values['provider-delay-ms']),
    node: values.node ?? null,
    nodeArguments: values['node-arguments'].split(' ').filter((text) => text !== ''),
    build: !values['no-build'],
    out: values.out ?? (isWhole ? benchResultsPath(values.node) : null),
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

function readPart(text: string): Part {
  const part = PARTS.find((one) => one === text)
  return part ?? refuse(`--parts takes some of ${PARTS.join(', ')}, not ${JSON.stringify(text)}`)
}

function readBuild(text: string): BenchOptions['also'][number] {
  const [, name, directory] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (name === undefined || directory === undefined) refuse('--also takes NAME=DIRECTORY')
  return { name, directory: resolve(directory) }
}
