/** What a change leads to: a refund's state, or money that was refunded outside of the gateway. */
export const JOURNALLED_CHANGES = [
  'succeeded',
  'failed',
  'unknown',
  'disputed',
  'awaiting_deposit',
  'outside',
] as const
export type JournalledChange = (typeof JOURNALLED_CHANGES)[number]

/** One change of a refund's state, journalled exactly once; or one booking of what was refunded outside. */
export type JournalEntry = Readonly<{
  /** Its own for ever, and the order of the journal over all shards. Opaque but for the store. */
  position: string
  change: JournalledChange
  /**
   * In milliseconds since 1970: when the state changed; or, where it was journalled more than {@link JOURNAL_LAG_MS}
   * later, as after a crash, when that was. So a span of time is complete once it is that long over.
   */
  at: number
  /** The refund's id, or the booking's. */
  id: string
  merchant: string
  tid: string
  /** Which change of this refund it is: 1 is its first. */
  number: number
}>

/** What a position looks like, for who takes one from outside. */
export const JOURNAL_POSITION = '^\\d{1,15}-\\d{1,15}\\.\\d{1,2}$'

/** A change is journalled within this time, or counts as of when it was. */
export const JOURNAL_LAG_MS = 5_000

/** Of what span of time, `fromMs` inclusive and `toMs` exclusive, in milliseconds since 1970. */
export type JournalQuery = Readonly<{
  fromMs: number
  toMs: number
  /** The `next` of the page before; null starts. */
  after: string | null
  limit: number
}>

/** One page, in the order of the journal; `next` null: the span has no more. */
export type JournalPage = Readonly<{ entries: readonly JournalEntry[]; next: string | null }>

/** What happened, by time. Every method throws StoreError. */
export type Journal = Readonly<{
  /** Complete but for the last {@link JOURNAL_LAG_MS}; what is appended meanwhile neither repeats nor hides an entry. */
  read(query: JournalQuery): Promise<JournalPage>
}>
