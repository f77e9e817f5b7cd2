import { setTimeout as sleep } from 'node:timers/promises'
import type { Refund } from '../../src/refunds/refund.ts'
import { readLines } from './check-exports.ts'
import type { RunClock } from './clock.ts'
import type { Exported, Listed } from './histories.ts'
import type { Gateway } from './processes.ts'
import type { Random } from './random.ts'

/** The accountant, who takes the refunds of late again and again. */
export type Exporter = Readonly<{
  /** What ended properly. */
  exported: readonly Exported[]
  /** How many broke off or were refused: with gateways and store killed, they may. */
  brokenOff(): number
  /** Asks no more, and waits for what is under way. */
  stop(): Promise<void>
  /** Everything, in both ways, from a gateway that is up; throws where one is refused or breaks off. */
  whole(): Promise<readonly Listed[]>
}>

const PAUSE_MS = 700
const PAGE = 100
/** How far back it asks at most: of more, no export would end between two kills. */
const LATE_MS = 20_000
/** So long a store may be away; a gateway that is stopped is not waited for. */
const PATIENCE_MS = 5_000
/** For all of a long run, once nothing is away any more. */
const LAST_PATIENCE_MS = 120_000

/** What one of the ways brought: each refund as a line of JSON. */
type Way = Readonly<{
  way: Exported['way']
  read(url: string, from: string, signal: AbortSignal): Promise<readonly string[]>
}>

/** Asks a gateway at a time: for an export, and for the same by pages. */
export function startExporter(gateways: readonly Gateway[], clock: RunClock, random: Random): Exporter {
  const timeOf = (atMs: number) => encodeURIComponent(new Date(Date.now() - clock.ms() + atMs).toISOString())
  const exported: Exported[] = []
  let brokenOff = 0
  let isOver = false

  const ways: readonly Way[] = [
    {
      way: 'export',
      async read(url, from, signal) {
        const text = await getText(`${url}/refunds/export?format=ndjson&from=${from}`, signal)
        return text.split('\n').slice(0, -1)
      },
    },
    {
      way: 'pages',
      async read(url, from, signal) {
        const lines: string[] = []
        for (let cursor: string | null = ''; cursor !== null; ) {
          const page = await getText(
            `${url}/refunds?from=${from}&limit=${PAGE}${cursor && `&cursor=${cursor}`}`,
            signal,
          )
          const { data, next_cursor } = JSON.parse(page) as { data: Refund[]; next_cursor: string | null }
          lines.push(...data.map((refund) => JSON.stringify(refund)))
          cursor = next_cursor
        }
        return lines
      },
    },
  ]

  async function take({ way, read }: Way): Promise<void> {
    const { url } = random.pick(gateways as [Gateway, ...Gateway[]])
    const fromMs = clock.ms()
    const from = timeOf(Math.max(0, fromMs - LATE_MS * random.next()))
    const lines = await read(url, from, AbortSignal.timeout(PATIENCE_MS)).catch(() => null)
    if (lines === null) brokenOff += 1
    else {
      const { refunds, ...mistakes } = readLines(lines)
      exported.push({ way, fromMs, toMs: clock.ms(), refunds: refunds.length, ...mistakes })
    }
  }

  const taking = (async () => {
    for (let round = 0; !isOver; round += 1) {
      await take(ways[round % ways.length] as Way)
      await sleep(PAUSE_MS)
    }
  })()

  return {
    exported,
    brokenOff: () => brokenOff,
    async stop() {
      isOver = true
      await taking
    },
    whole: () =>
      Promise.all(
        ways.map(async ({ way, read }) => {
          const { url } = random.pick(gateways as [Gateway, ...Gateway[]])
          return { way, ...readLines(await read(url, timeOf(0), AbortSignal.timeout(LAST_PATIENCE_MS))) }
        }),
      ),
  }
}

/** The body of an answer that is one; throws otherwise, and where it is broken off. */
async function getText(url: string, signal: AbortSignal): Promise<string> {
  const answer = await fetch(url, { signal })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${text}`)
  return text
}
