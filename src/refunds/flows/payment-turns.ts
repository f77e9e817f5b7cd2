import type { Patience } from './patience.ts'

/**
 * Who may cancel a payment just now, among the requests to this replica. The others wait in order, with neither a place
 * among the provider's calls nor a word to the store, by which replicas wait for each other.
 */
export type PaymentTurns = Readonly<{
  /** Takes the payment's turn; false where somebody has it. */
  take(payment: string): boolean
  /** Waits behind those who came before. `full`: too many wait here already. Only `taken` is to be left. */
  wait(payment: string, patience: Patience): Promise<'taken' | 'full' | 'over' | 'gone'>
  /** Hands the turn to whoever has waited longest. */
  leave(payment: string): void
}>

/** Far above what one payment has reason for; each waits with its connection and its body. */
const MOST_WAITING = 300

type Waiter = () => void

export function createPaymentTurns(mostWaiting = MOST_WAITING): PaymentTurns {
  /** The payments whose turn is taken, each with who waits for it. Null: nobody has yet, as is usual. */
  const taken = new Map<string, Waiter[] | null>()
  let waiting = 0

  return {
    take(payment) {
      if (taken.has(payment)) return false
      taken.set(payment, null)
      return true
    },

    async wait(payment, patience) {
      if (patience.signal?.aborted) return 'gone'
      if (waiting >= mostWaiting) return 'full'
      const queue = taken.get(payment) ?? []
      taken.set(payment, queue)
      waiting += 1
      return new Promise((resolve) => {
        const { signal } = patience
        const end = (result: 'taken' | 'over' | 'gone') => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', hangUp)
          waiting -= 1
          resolve(result)
        }
        const takeOver = () => end('taken')
        // Leaves the queue in the same turn of the event loop: else the payment's turn could still be handed to it.
        const giveUp = (result: 'over' | 'gone') => {
          queue.splice(queue.indexOf(takeOver), 1)
          end(result)
        }
        const hangUp = () => giveUp('gone')
        const timer = setTimeout(giveUp, Math.max(0, patience.leftMs()), 'over')
        signal?.addEventListener('abort', hangUp)
        queue.push(takeOver)
      })
    },

    leave(payment) {
      const next = taken.get(payment)?.shift()
      if (next === undefined) taken.delete(payment)
      else next()
    },
  }
}
