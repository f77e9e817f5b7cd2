/**
 * What a refusal for now may say: of this request alone, since an earlier one with its key may have moved
 * money.
 */
export const NOTHING_SENT = 'Nothing was sent for this request; what an earlier one did stands. Try again.'
