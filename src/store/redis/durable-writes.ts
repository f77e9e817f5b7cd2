import { NOTHING_SENT } from '../../refunds/nothing-sent.ts'
import { StoreError } from '../../refunds/ports/store.ts'
import type { Barrier } from './barrier.ts'
import type { Durability } from './durability.ts'
import { reach, unavailable } from './reach.ts'

export type DurableWritesOptions = Readonly<{
  /** What Redis promises now. */
  durability: () => Durability
  /** Whether a refund is refused while that is not enough. */
  requireDurability: boolean
  barrier: Barrier
}>

/** Holds back what Redis could forget. Throws StoreError. */
export type DurableWrites = Readonly<{
  /** Throws where a write could be lost, as far as it is known. */
  assertDurable(): void
  /** Resolves once everything that was written to the servers of these keys before is as durable as it must be. */
  passBarrier(...written: string[]): Promise<void>
}>

export function createDurableWrites(options: DurableWritesOptions): DurableWrites {
  const { durability, requireDurability, barrier } = options
  return {
    assertDurable() {
      const { state } = durability()
      if (!requireDurability || state === 'durable') return
      // While it was not asked since the connection was lost, it may have come back without its data.
      throw state === 'unavailable' ? unavailable() : notDurable()
    },

    /**
     * Begins when the writes are answered, not beside them: a client sends a write once more, and perhaps to another
     * server, where the first one has moved its slot or forgotten the script.
     */
    async passBarrier(...written) {
      const waits = written.map(barrier)
      if (waits.every((wait) => wait === true)) return
      const passed = await reach(Promise.all(waits))
      if (requireDurability && passed.includes(false)) throw notDurable()
    },
  }
}

function notDurable(): StoreError {
  return new StoreError(
    'store_not_durable',
    `Redis cannot promise to keep a refund through a crash, so none is made. ${NOTHING_SENT}`,
  )
}
