import { randomInt } from 'node:crypto'
import { FAULTS } from '../../src/sandbox/faults.ts'

export type SoakRefund = Readonly<{ body: Record<string, unknown>; hasFault: boolean }>

const PAID = 900
const PART = 300

/** How many of a hundred refunds meet a fault of the sandbox, and how many are of a part. */
const FAULTY_PERCENTAGE = 12
const PARTIAL_PERCENTAGE = 20

/** `delay<N>` names its time. */
const FAULT_NAMES = FAULTS.map(({ name }) => name.replace('<N>', '100'))

let made = 0

/** A refund of a payment of its own. */
export function chooseRefund(): SoakRefund {
  made += 1
  const hasFault = randomInt(100) < FAULTY_PERCENTAGE
  const name = hasFault ? FAULT_NAMES[randomInt(FAULT_NAMES.length)] : 'plain'
  const tid = `${name}-${made.toString(36).padStart(4, '0')}-${PAID}`
  const isPartial = randomInt(100) < PARTIAL_PERCENTAGE
  return {
    hasFault,
    body: {
      tid,
      reason: '고객 변심',
      payment: { method: 'card_auth', amount: PAID },
      ...(isPartial && { amount: PART }),
    },
  }
}
