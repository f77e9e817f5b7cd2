import type { CancelNotification, NotificationType } from '../refunds/notification.ts'
import { NOTIFICATION_TYPES } from '../refunds/notification.ts'
import type { NotificationReading } from '../refunds/ports/notifications.ts'
import { TID } from '../refunds/refund-request.ts'
import { decodeAnswer } from './decoding.ts'
import { numbersAsTexts, readAmount, readDate, readObject } from './messages.ts'

/** A notification as it came: its bytes, and what the request says that they are. */
export type ReceivedNotification = Readonly<{ body: Buffer; contentType: string | undefined }>

/** The longest tid, and the longest date that is kept. */
const LONGEST_TID = 50
const LONGEST_DATE = 40

const TID_PATTERN = new RegExp(TID)

/**
 * What the provider notifies of (docs/provider.md, Notifications): JSON or a form, whatever it is called, with members in
 * either letter case, amounts and ids as texts or numbers. What has no `noti_type` is an approval, and no business of
 * refunds; so is any other type than those of a cancel.
 */
export function readNotification({ body, contentType }: ReceivedNotification): NotificationReading {
  const members = membersOf(body, contentType)
  if (members === null) return unreadable('It is neither a JSON object nor a form.')
  const tid = members.get('tid') ?? ''
  const type = (members.get('noti_type') ?? '').toLowerCase()
  const stated = members.get('cancel_amount') ?? members.get('cancel_amt') ?? null
  if (type === '') {
    if (stated !== null && readAmount(stated) !== null)
      return unreadable('It has an amount and no noti_type.')
    return tid === '' ? unreadable('It has no tid.') : { reading: 'ignored' }
  }
  if (!isCancelType(type)) return { reading: 'ignored' }
  if (tid.length > LONGEST_TID || !TID_PATTERN.test(tid)) return unreadable('It has no tid that can be one.')
  const amount = readAmount(stated)
  if (amount === null) return unreadable('It has no cancel_amount that can be read.')
  const date = members.get('cancel_date')?.slice(0, LONGEST_DATE) || null
  const accountId = members.get('api_id') || null
  const notification: CancelNotification = {
    ...{ type, tid, amount, date, accountId },
    cancelledAt: readDate(date),
  }
  return { reading: 'cancel', notification }
}

function unreadable(detail: string): NotificationReading {
  return { reading: 'unreadable', detail }
}

function isCancelType(text: string): text is NotificationType {
  return NOTIFICATION_TYPES.some((type) => type === text)
}

/** The members by their names in lower case; null where there are none, or one is there twice with two values. */
function membersOf(body: Buffer, contentType: string | undefined): ReadonlyMap<string, string> | null {
  const text = textOf(body, contentType)
  if (text === null) return null
  const entries = text.startsWith('{') ? entriesOfJson(text) : entriesOfForm(text)
  if (entries === null) return null
  const members = new Map<string, string>()
  for (const [label, value] of entries) {
    const name = label.trim().toLowerCase()
    const trimmed = value.trim()
    const other = members.get(name)
    if (other !== undefined && other !== trimmed) return null
    members.set(name, trimmed)
  }
  return members
}

function textOf(body: Buffer, contentType: string | undefined): string | null {
  try {
    return decodeAnswer(body, { contentType, contentEncoding: undefined }, body.length).trim()
  } catch {
    return null
  }
}

/** Members that are no text or number say nothing here. */
function entriesOfJson(text: string): [string, string][] | null {
  if (readObject(text) === null) return null
  const members = readObject(numbersAsTexts(text)) ?? {}
  return Object.entries(members).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as [string, string]] : [],
  )
}

function entriesOfForm(text: string): [string, string][] | null {
  return /^[^\s<&=]+=/.test(text) ? [...new URLSearchParams(text)] : null
}
