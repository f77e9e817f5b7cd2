import type { Scripts } from './scripts.ts'

export type DeleteIfOwnedArguments = Readonly<{ key: string; token: string }>

/** delete-if-owned.lua: deletes a claim or a lock, if its token is this one. Throws what the client throws. */
export async function deleteIfOwned(redis: Scripts, { key, token }: DeleteIfOwnedArguments): Promise<void> {
  await redis.deleteIfOwned(key, token)
}
