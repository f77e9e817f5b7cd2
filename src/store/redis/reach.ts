import { NOTHING_SENT } from '../../refunds/nothing-sent.ts'
import { StoreError } from '../../refunds/ports/store.ts'

/** A failed command says nothing of what Redis did: to the refunds, the store cannot be reached. */
export async function reach<Reply>(command: Promise<Reply>): Promise<Reply> {
  try {
    return await command
  } catch (error) {
    throw unavailable(error)
  }
}

export function unavailable(cause?: unknown): StoreError {
  return new StoreError('store_unavailable', `The store cannot be reached. ${NOTHING_SENT}`, { cause })
}
