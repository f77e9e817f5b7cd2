import { setTimeout as sleep } from 'node:timers/promises'
import type { EventEndpoint } from '../config/config.ts'
import { isLastAttempt } from '../refunds/event-schedule.ts'
import type { EventObserver, EventQueue, EventSubjects, Reach, TakenEvent } from '../refunds/ports/events.ts'
import { gatherAcknowledgements } from './acknowledgements.ts'
import { afterFailure, afterSuccess, HEALTHY, isDown } from './health.ts'
import { asksFor, concerns, eventTypeOf, type Subject, signedMessage } from './message.ts'
import { createPause } from './pause.ts'
import { createSender, type Sender, type SenderOptions } from './sender.ts'

/** What deliveries need. */
export type CourierParts = Readonly<{
  queue: EventQueue
  subjects: EventSubjects
  observer: EventObserver
  /** False while the store may not say what is so, such as one that has gone back. */
  mayTell(): boolean
  /** How a name is resolved; by default as everything on this machine does. */
  resolve?: SenderOptions['resolve']
}>

/** Delivers to one endpoint, for as long as it is configured so. */
export type Courier = Readonly<{
  endpoint: EventEndpoint
  /** Takes no more, and waits for what is under way, up to {@link STOP_MS}: what is not over then comes again. */
  stop(): Promise<void>
}>

/** How many deliveries to one endpoint are under way: a slow one takes no more of this process than that. */
const PLACES = 16

/** How often the queue is asked where it had nothing, give or take a quarter. */
const POLL_MS = 1_000

/** Once something was taken: until then some of it is delivered, and more is taken at a time. */
const ROUND_MS = 20

/** How often the other replicas hear that the endpoint is configured. */
const MEET_MS = 60_000

/** How long deliveries may go on once they are to stop. */
const STOP_MS = 5_000

// Longer than a screen: one loop, and what it shares with the deliveries that it starts.
export function startCourier(endpoint: EventEndpoint, parts: CourierParts): Courier {
  const { queue, observer } = parts
  const { name } = endpoint
  const pause = createPause()
  const underWay = new Set<Promise<void>>()
  const acknowledgements = gatherAcknowledgements((events) =>
    queue.acknowledge(name, events).catch((error) => observer.postponed(name, error)),
  )
  const startedAt = performance.now()
  let health = HEALTHY
  let leftAloneUntil = 0
  let metAt = Number.NEGATIVE_INFINITY
  let isStopped = false
  let isFull = false

  async function meet(found: Reach | null): Promise<Reach | null> {
    const { hostname } = new URL(endpoint.url)
    const knownForMs = performance.now() - startedAt
    const { reach } = await queue.meet({ name, host: hostname, reach: found, knownForMs })
    metAt = performance.now()
    return reach
  }

  const sender = createSender({
    url: endpoint.url,
    connections: PLACES,
    remember: async (found) => (await meet(found)) ?? found,
    ...(parts.resolve && { resolve: parts.resolve }),
  })

  function tell(event: TakenEvent): void {
    const delivery = deliver(event, { endpoint, sender, parts, acknowledge: acknowledgements.add })
      .then((outcome) => {
        if (outcome !== null) heed(outcome)
      })
      // What could not be read or put back is taken again by whoever comes first.
      .catch((error) => observer.postponed(name, error))
      .finally(() => {
        underWay.delete(delivery)
        if (isFull) pause.end()
      })
    underWay.add(delivery)
  }

  function heed(outcome: Outcome): void {
    const wasDown = isDown(health)
    if (outcome.isDelivered) health = afterSuccess(health, queue.now())
    else {
      health = afterFailure(health)
      leftAloneUntil = Math.max(leftAloneUntil, performance.now() + outcome.pauseMs)
    }
    if (wasDown && outcome.isDelivered) observer.recovered(name)
    if (!wasDown && isDown(health) && !outcome.isDelivered) observer.down(name, outcome.detail)
  }

  /** Answers whether anything was taken. */
  async function round(): Promise<boolean> {
    if (performance.now() - metAt > MEET_MS) await meet(null)
    const free = PLACES - underWay.size
    isFull = free === 0
    if (isFull || !parts.mayTell() || performance.now() < leftAloneUntil) return false
    const { recoveredAt } = health
    const taken = await queue.take({ endpoint: name, limit: 1, parts: free, recoveredAt })
    for (const event of taken) tell(event)
    return taken.length > 0
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      const hasTaken = await round().catch((error) => {
        observer.postponed(name, error)
        return false
      })
      if (!isStopped) await pause.wait(hasTaken && !isDown(health) ? ROUND_MS : jittered(POLL_MS))
    }
  }

  const running = run()
  return {
    endpoint,
    async stop() {
      isStopped = true
      pause.end()
      await running
      const giveUp = new AbortController()
      const ended = Promise.all(underWay).finally(() => giveUp.abort())
      await sleep(STOP_MS, undefined, { signal: giveUp.signal }).catch(() => {})
      sender.abort()
      await ended
      await acknowledgements.drain()
      sender.close()
    },
  }
}

type Outcome = Readonly<{ isDelivered: true } | { isDelivered: false; detail: string; pauseMs: number }>

type Delivery = Readonly<{
  endpoint: EventEndpoint
  sender: Sender
  parts: CourierParts
  acknowledge(event: TakenEvent): void
}>

/** One attempt. Null: there was none, or nobody knows what came of it. Throws StoreError. */
async function deliver(event: TakenEvent, delivery: Delivery): Promise<Outcome | null> {
  const { endpoint, sender, parts, acknowledge } = delivery
  const { queue, observer } = parts
  const { entry } = event
  const subject = asksFor(endpoint, entry) ? await findSubject(event, parts) : undefined
  if (subject === null) observer.attempted(endpoint.name, 'dropped')
  if (subject === null || subject === undefined || !concerns(endpoint, subject)) {
    acknowledge(event)
    return null
  }
  const sent = await sender.send(signedMessage(endpoint, { entry, subject, at: Date.now() }))
  switch (sent.sent) {
    case 'aborted':
      await queue.putBack(endpoint.name, event, { isUntried: true })
      return null
    case 'delivered':
      acknowledge(event)
      observer.attempted(endpoint.name, 'delivered')
      return { isDelivered: true }
    case 'failed':
      await keepOrGiveUp(event, sent.detail, delivery)
      return { isDelivered: false, ...sent }
  }
}

function findSubject({ entry }: TakenEvent, { subjects }: CourierParts): Promise<Subject | null> {
  return entry.change === 'outside' ? subjects.findLedger(entry) : subjects.findRefund(entry)
}

async function keepOrGiveUp(
  event: TakenEvent,
  detail: string,
  { endpoint, parts: { queue, observer }, acknowledge }: Delivery,
): Promise<void> {
  const { entry, attempt, queuedAt } = event
  observer.attempted(endpoint.name, 'failed')
  if (isLastAttempt({ attempts: attempt, ageMs: queue.now() - queuedAt })) {
    acknowledge(event)
    observer.attempted(endpoint.name, 'given_up')
    observer.gaveUp(endpoint.name, { id: entry.id, type: eventTypeOf(entry), detail })
  } else await queue.putBack(endpoint.name, event, { isUntried: false })
}

function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2)
}
