import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { type Static, Type } from 'typebox'

/** That this instance has raised a shard's mark to this: milliseconds, or a little more where clocks went back. */
const Mark = Type.Object({ instance: Type.String({ minLength: 1 }), mark: Type.Integer({ minimum: 1 }) })
export type Mark = Static<typeof Mark>

/** How far a store had come: its id, and the highest mark of each of its shards that has one. */
const MarkMemory = Type.Object({
  store_id: Type.String({ pattern: '^[0-9a-f-]{36}$' }),
  marks: Type.Record(Type.String({ pattern: '^[0-9]{1,2}$' }), Mark),
})
export type MarkMemory = Static<typeof MarkMemory>

export type Reading = Readonly<{
  /** Null where there is no file. */
  memory: MarkMemory | null
  /** The store does not contradict it: it may be replaced. */
  confirm(): void
}>

/** A file outside of Redis that remembers how far the store had come (STORE_MARK_FILE). */
export type MarkFile = Readonly<{
  /** Throws an Error that says what is wrong with the file, and what to do. */
  read(): Promise<Reading>
  /** Writes in the background, the newest only; what stands there is replaced only once it was confirmed. */
  save(memory: MarkMemory): void
  /** Waits for that; false where another process came between, and what it wrote is to be confirmed first. */
  flush(): Promise<boolean>
  /** What went wrong with the last attempt to write, or null. */
  warning(): string | null
}>

export const NO_MARK_FILE: MarkFile = {
  read: async () => ({ memory: null, confirm() {} }),
  save() {},
  flush: async () => true,
  warning: () => null,
}

/** A network's file system may never answer. */
const READ_TIMEOUT_MS = 1_000

/** Far longer than a file is replaced. */
const LOCK_MS = 5_000

/** Several processes may share one file: each replaces only what it has compared with the store, or has written. */
export function createMarkFile(path: string, instance: string, report: (line: string) => void): MarkFile {
  const temporary = `${path}.${instance}.tmp`
  const readWithin = createReader(path)
  /** The text that may be replaced; null: a file may be made. */
  let replaceable: string | null | undefined
  let waiting: MarkMemory | undefined
  let saving: Promise<void> | undefined
  let isSaved = true
  let warning: string | null = null

  async function write(memory: MarkMemory): Promise<void> {
    const text = `${JSON.stringify(memory)}\n`
    isSaved = text === replaceable
    if (isSaved) return
    // As it is now: what is confirmed while this is written may be newer than what is written.
    const replaced = replaceable
    await writeSynced(temporary, text)
    // Not while another process is writing: the next mark comes soon.
    await withLock({ path, temporary }, async () => {
      if ((await readText(path)) !== replaced) return
      await rename(temporary, path)
      replaceable = text
      isSaved = true
    })
    await rm(temporary, { force: true })
  }

  async function saveAll(): Promise<void> {
    while (waiting !== undefined) {
      const memory = waiting
      waiting = undefined
      try {
        await write(memory)
        warning = null
      } catch (error) {
        const former = warning
        warning = `STORE_MARK_FILE ${path} cannot be written (${causeOf(error)}): a gateway that starts later may not notice a loss`
        if (warning !== former) report(warning)
      }
    }
    saving = undefined
  }

  return {
    async read() {
      const before = replaceable
      const text = await readWithin()
      return {
        memory: text === null ? null : await parseMemory(path, text),
        confirm() {
          // Unless this process has written another meanwhile.
          if (replaceable === before) replaceable = text
        },
      }
    },

    save(memory) {
      waiting = memory
      saving ??= saveAll()
    },

    async flush() {
      await saving
      return isSaved
    },

    warning: () => warning,
  }
}

/** Reads the file, or null where there is none; who asks meanwhile gets the same answer. Throws what to do. */
function createReader(path: string): () => Promise<string | null> {
  let reading: Promise<string | null> | undefined

  return async () => {
    reading ??= readText(path).finally(() => {
      reading = undefined
    })
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${READ_TIMEOUT_MS} ms`)), READ_TIMEOUT_MS)
    })
    try {
      return await Promise.race([reading, timeout])
    } catch (error) {
      throw new Error(`STORE_MARK_FILE ${path} cannot be read (${causeOf(error)}): let the gateway read it`)
    } finally {
      clearTimeout(timer)
    }
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

type Locked = Readonly<{
  path: string
  /** A file that this process has just written: its time is now, by the file system's clock. */
  temporary: string
}>

/** Works while no other process does; not at all where another one has the lock. */
async function withLock({ path, temporary }: Locked, work: () => Promise<void>): Promise<void> {
  const lockPath = `${path}.lock`
  try {
    await (await open(lockPath, 'wx', 0o600)).close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // One that was killed with it is not waited for.
    const [ours, theirs] = await Promise.all([stat(temporary), stat(lockPath).catch(() => null)])
    if (theirs !== null && ours.mtimeMs - theirs.mtimeMs > LOCK_MS) await rm(lockPath, { force: true })
    return
  }
  try {
    await work()
  } finally {
    await rm(lockPath, { force: true })
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Throws an Error that says what to do where it is not what a gateway wrote. */
async function parseMemory(path: string, text: string): Promise<MarkMemory> {
  // Three hundred modules, which a start without such a file does without.
  const { Check } = await import('typebox/value')
  const memory = jsonOf(text)
  if (Check(MarkMemory, memory)) return memory
  throw new Error(
    `STORE_MARK_FILE ${path} does not hold what a gateway wrote: put the right one back, or remove it if you are certain that the store has lost nothing`,
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function causeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
