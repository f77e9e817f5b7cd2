/** What must be gone when this process ends, however it ends short of SIGKILL. */
const leftovers = new Set<() => void>()

process.on('exit', () => {
  for (const remove of leftovers) remove()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1))
}

/** Remembers to do this at exit; the answer forgets it again. */
export function atExit(remove: () => void): () => void {
  leftovers.add(remove)
  return () => leftovers.delete(remove)
}

/** Ends a process that may be gone already, also one that is stopped. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
