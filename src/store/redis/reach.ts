import { NOTHING_SENT } from '../../refunds/nothing-sent.ts'
import { StoreError } from '../../refunds/ports/store.ts'

/** A failed command says nothing of what Redis did: to the refunds, the store cannot be reached. */
export function reach<Reply>(command: Promise<Reply>): Promise<Reply> {
  // Not an async function, whose frame would be kept for each command that is under way.
  return command.catch(fail)
}

function fail(error: unknown): never {
  throw unavailable(error)
}

export function unavailable(cause?: unknown): StoreError {
  return new StoreError('store_unavailable', `The store cannot be reached. ${NOTHING_SENT}`, { cause })
}
