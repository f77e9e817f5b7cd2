/** Forgets the entries that were put in first, until no more than `limit` are left. */
export function forgetOldest<Key>(entries: Map<Key, unknown>, limit: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= limit) return
    entries.delete(key)
  }
}
