/** What the run holds the gateway to. */
export const INVARIANTS = {
  once: 'one key moves money at most once',
  amount: 'no payment is refunded beyond its amount, and its ledger is the sum of its refunds',
  asked: 'the provider is never asked for more than remains',
  renewed: 'no answer that hides a refund says new_key',
  applied: 'every applied cancel ends succeeded, or stands as unknown',
  proven: 'nothing succeeded without an applied cancel',
  settled: 'everything settles',
  told: 'what a caller was told stays true',
  stored: 'what was last told is what is stored',
  key: 'one key stands for one payload and one refund',
  answer: 'every answer is one that the contract gives to this request',
  events: 'the events of a refund are a way through its states',
  reads: 'every read of a refund says the same',
  reference: 'no two refunds of one payment that have not failed share a reference',
  spacing:
    'a cancel begins at the provider no sooner than the spacing after the one before of its payment began, unless the provider was stopped meanwhile',
  overlap:
    'no cancel begins at the provider before the one before of its payment was answered or given up, unless the provider or a gateway was stopped meanwhile',
  free: 'a key that was refused by a guard takes another payload',
  counted: 'every refund that stands is counted against the limit of its caller',
  outside:
    'what was booked as refunded outside is booked once, and no notification is heard without its secret',
  journalled: 'each change of a refund is in the journal exactly once, in order',
  calls: 'a cancel is not called again, but after a refused token or where nothing was sent',
  delivered: 'each change of a refund reaches each endpoint, signed, and nothing else does',
} as const
export type Invariant = keyof typeof INVARIANTS

/** Something that must not be: of which payment, and of which key where that is known. */
export type Violation = Readonly<{ invariant: Invariant; tid: string; key: string | null; detail: string }>

/** What may still be unknown when the histories are compared. */
export type MayBeUnknown = 'anything' | 'what no lookup shows' | 'nothing'
