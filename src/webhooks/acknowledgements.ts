import type { TakenEvent } from '../refunds/ports/events.ts'

/** How long one may wait for others. A process that is killed meanwhile leaves them to be told twice. */
const GATHERING_MS = 10

export type Acknowledgements = Readonly<{
  add(event: TakenEvent): void
  /** Resolves once all that were added are acknowledged, or could not be. */
  drain(): Promise<void>
}>

/** Acknowledges events many at a time. `acknowledge` reports what fails by itself: such events come again. */
export function gatherAcknowledgements(
  acknowledge: (events: readonly TakenEvent[]) => Promise<void>,
): Acknowledgements {
  let gathered: TakenEvent[] = []
  let writing: Promise<unknown> = Promise.resolve()

  function write(): void {
    const events = gathered
    gathered = []
    if (events.length > 0) writing = Promise.all([writing, acknowledge(events)])
  }

  return {
    add(event) {
      if (gathered.length === 0) setTimeout(write, GATHERING_MS).unref()
      gathered.push(event)
    },
    async drain() {
      write()
      await writing
    },
  }
}
