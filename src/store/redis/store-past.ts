import { randomUUID } from 'node:crypto'
import type { Refund } from '../../refunds/refund.ts'
import type { ScriptedClient } from '../lua/scripts.ts'
import type { StoreIdentity } from './durability.ts'
import { createStoreId, type StoreIdOptions } from './store-id.ts'
import { createStoreMark, type Expected, goneBackText } from './store-mark.ts'
import { createMarkFile, type MarkMemory, NO_MARK_FILE, type Reading } from './store-mark-file.ts'
import { checkTerms, type Terms } from './store-terms.ts'

/** How long after a refund the mark is raised, once for all refunds until then. */
const RAISE_DELAY_MS = 200

/** How often the last mark is raised until it stands in a file that others write to as well. */
const LAST_RAISES = 5

/** What the store has been written is told here, so that the loss of that is noticed as well. */
export type StoreWatch = Readonly<{
  refundBegun(): void
  refundSettled(paymentKey: string, refund: Refund): void
}>

export type StorePast = StoreIdentity &
  StoreWatch &
  Readonly<{
    /** What is wrong, and keeps no refund from being made; or null. */
    warning(): string | null
    /** Raises the mark for the last time, and writes it down. */
    close(): Promise<void>
  }>

export type StorePastOptions = Terms &
  StoreIdOptions &
  Readonly<{
    /** The path of STORE_MARK_FILE, or null. `mayWrite` is about the file as well. */
    markFile: string | null
    minReplicas: number
    /** Gets a line for the log. */
    report(line: string): void
  }>

/**
 * Notices a store that came back without its data: by an id (store-id.ts), a mark that rises (store-mark.ts), and the
 * terms that it was written with (store-terms.ts). The process remembers the first two, and STORE_MARK_FILE beyond it.
 * An operator accepts a loss with `npm run accept-store`.
 */
export function createStoreIdentity(redis: ScriptedClient, options: StorePastOptions): StorePast {
  const history = createHistory(redis, options)
  let raising: NodeJS.Timeout | undefined

  async function raiseAgain(): Promise<void> {
    raising = undefined
    await history.raiseAgain()
  }

  function raiseSoon(): void {
    raising ??= setTimeout(() => void raiseAgain().catch(() => {}), RAISE_DELAY_MS).unref()
  }

  return {
    async check(needsFileSync) {
      let reading: Reading
      try {
        reading = await history.read()
      } catch (error) {
        return (error as Error).message
      }
      // One after the other: a store that has lost its past is given no terms.
      return (await history.check(reading, needsFileSync)) ?? (await brokenTerms(redis, options))
    },
    refundBegun: raiseSoon,
    refundSettled(paymentKey, refund) {
      history.refundSettled(paymentKey, refund)
      raiseSoon()
    },
    warning: history.warning,
    async close() {
      clearTimeout(raising)
      try {
        for (let attempt = 1; attempt <= LAST_RAISES && !(await history.raiseLast()); attempt++);
      } catch {
        // The store or the file is away: what they remember is older then.
      } finally {
        history.close()
      }
    },
  }
}

async function brokenTerms(redis: ScriptedClient, options: StorePastOptions): Promise<string | null> {
  const { reasons, isNew } = await checkTerms(redis, options, options.mayWrite)
  if (isNew && options.mayWrite) {
    const mode = options.isOpen ? 'an open gateway' : 'a gateway with API_KEYS'
    options.report(`the store is from now on one that ${mode} writes, with the newest of STORE_SECRETS`)
  }
  return reasons.length === 0 ? null : reasons.join('; ')
}

/** The store's id and its mark, and the file that remembers both. */
function createHistory(redis: ScriptedClient, options: StorePastOptions) {
  const instance = randomUUID()
  const { markFile, mayWrite } = options
  const id = createStoreId(redis, options)
  const file = markFile === null ? NO_MARK_FILE : createMarkFile(markFile, instance, options.report)
  const mark = createStoreMark(redis, instance, { ...options, onRemembered: save })
  /** As the last check that found the right store has left it. */
  let lastFound: Expected | null = null

  function save({ storeId, fileMarks }: Expected): void {
    file.save({ store_id: storeId, marks: highest(mark.remembered(storeId), fileMarks) })
  }

  /** What is wrong with the store's id or its mark, or null. Then the file may be written. */
  async function check({ memory, confirm }: Reading, needsFileSync: boolean): Promise<string | null> {
    const found = await id.check(memory?.store_id ?? null)
    if (found.lost !== null) return found.lost
    const { storeId } = found
    if (storeId === null) return null
    const fileMarks = memory?.store_id === storeId ? memory.marks : {}
    const expected = { storeId, fileMarks, needsFileSync }
    const compared = await mark.raise(expected)
    if (compared.result === 'gone_back') return goneBackText(compared)
    if (compared.result === 'other_store') return 'its store id is just being changed'
    confirm()
    lastFound = expected
    if (mayWrite) save(expected)
    return null
  }

  return {
    read: file.read,
    check,
    refundSettled: mark.refundSettled,
    warning: file.warning,
    close: mark.close,

    /** Between two checks, and only where the store was found right: what it finds lost, the next check says. */
    async raiseAgain(): Promise<void> {
      if (lastFound !== null) await mark.raise(lastFound)
    },

    /** Compares once more, so that what another process has written into the file meanwhile may be replaced. */
    async raiseLast(): Promise<boolean> {
      if (lastFound === null) return true
      const wrong = await check(await file.read(), lastFound.needsFileSync)
      await mark.settle()
      return (await file.flush()) || wrong !== null
    },
  }
}

/** The higher one of each shard. */
function highest(own: MarkMemory['marks'], other: MarkMemory['marks']): MarkMemory['marks'] {
  const marks = { ...other }
  for (const [shard, mark] of Object.entries(own)) {
    if (mark.mark >= (marks[shard]?.mark ?? 0)) marks[shard] = mark
  }
  return marks
}
