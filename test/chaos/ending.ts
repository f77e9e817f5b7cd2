import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Caller } from './caller.ts'
import { lastAnswer } from './check-key.ts'
import { faultOf, type KeyHistory, type Payload, type Told } from './histories.ts'
import { isFoundByLookup } from './matching.ts'
import { cancelOf, type Operator } from './operator.ts'
import type { Random } from './random.ts'
import type { Reader } from './reader.ts'
import { refundIdOf } from './stories.ts'

export type EndingParts = Readonly<{
  caller: Caller
  reader: Reader
  operator: Operator
  random: Random
  /** The step of the run's clock since which nothing is killed any more. */
  since: number
  /** Longer than the sandbox takes to apply a cancel after its call was given up. */
  finalAfterMs: number
  lookupPatienceMs: number
}>

const AT_ONCE = 12
const PAUSE_MS = 300

const OPERATOR_PATIENCE_MS = 60_000

/**
 * After the chaos: repeats what has no answer yet, and waits until nothing is `processing` and the lookup has
 * settled what it can. What stands then is `unknown` for good. False where that is not so in time.
 */
export async function settleByItself(parts: EndingParts): Promise<boolean> {
  const deadline = performance.now() + parts.lookupPatienceMs
  await parts.reader.untilReady()
  while (performance.now() < deadline) {
    const asked = await finishKeys(parts, 'before the operator')
    if (asked === 0 && !(await isAnythingUnderWay(parts.reader))) return true
    await sleep(PAUSE_MS)
  }
  return false
}

async function isAnythingUnderWay(reader: Reader): Promise<boolean> {
  if ((await reader.unsettled('processing', 'first')).length > 0) return true
  for (const unknown of await reader.unsettled('unknown', 'all')) {
    if (unknown.kind === 'partial') continue
    const { refund, cancel } = (await cancelOf(reader, unknown)) ?? {}
    if (refund?.status === 'unknown' && isFoundByLookup(refund, cancel)) return true
  }
  return false
}

/** Then the operator resolves the rest, and everything that waited for that is finished. */
export async function settleByHand(parts: EndingParts): Promise<void> {
  await resolveAll(parts)
  await askAll(parts, (history) => refundIdOf(history) !== undefined)
  // A key that was told of a refund which was then undone is free: asked once more, it may have begun another.
  await resolveAll(parts)
}

async function resolveAll(parts: EndingParts): Promise<void> {
  const deadline = performance.now() + OPERATOR_PATIENCE_MS
  while (performance.now() < deadline) {
    const open = await parts.operator.round({ finalAfterMs: parts.finalAfterMs, everything: true })
    const asked = await finishKeys(parts, 'with the operator')
    const unsettled = await Promise.all([
      parts.reader.unsettled('unknown', 'first'),
      parts.reader.unsettled('processing', 'first'),
    ])
    if (asked === 0 && open === 0 && unsettled.flat().length === 0) return
    await sleep(PAUSE_MS)
  }
}

type Stage = 'before the operator' | 'with the operator'

function finishKeys(parts: EndingParts, stage: Stage): Promise<number> {
  return askAll(parts, (history, payload) => isUnfinished(history, payload, stage, parts.since))
}

/** Sends each payload once more that was sent before and for which this holds. Answers how many there were. */
async function askAll(
  { caller, random }: EndingParts,
  holds: (history: KeyHistory, payload: number) => boolean,
): Promise<number> {
  const limit = pLimit(AT_ONCE)
  const asked = caller.keys.flatMap((history) =>
    history.payloads
      .map((_, payload) => payload)
      .filter((payload) => lastAnswer(history, payload) !== undefined && holds(history, payload))
      .map((payload) => limit(() => caller.ask(history, payload, random))),
  )
  await Promise.all(asked)
  return asked.length
}

/** Whether a good client would send it again: `retry` says so, or there was no answer. */
function isUnfinished(history: KeyHistory, payload: number, stage: Stage, since: number): boolean {
  const last = lastAnswer(history, payload) as Told
  if (last.status === 0) return true
  // A request that was lost may have been carried out after others were answered.
  const hasLost = history.told.some(({ code }) => code === 'lost')
  if (hasLost && last.sentAt < since) return true
  // It may be left so: it is asked for once more when all is done.
  if (last.refund?.status === 'awaiting_deposit') return false
  const waits = last.status === 202 || last.retry === 'after_resolution'
  if (waits) return stage === 'with the operator'
  if (last.retry !== 'same_key') return false
  const isHopeless = faultOf((history.payloads[payload] as Payload).tid) === 'nevertoken'
  return !isHopeless || last.sentAt < since
}
