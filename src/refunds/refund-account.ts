import { type Static, Type } from 'typebox'
import { VISIBLE_TEXT } from './text.ts'

/** Where the money of a virtual account goes back to (docs/provider.md, Cancel call). */
export const RefundAccount = Type.Object(
  {
    bank: Type.String({
      minLength: 1,
      maxLength: 30,
      pattern: VISIBLE_TEXT,
      description: "The bank's code",
      examples: ['20'],
    }),
    account_no: Type.String({
      minLength: 1,
      maxLength: 30,
      pattern: VISIBLE_TEXT,
      description: 'Account number. It is sent on, and kept only as its last four characters or fewer',
      examples: ['1002345678901'],
    }),
    account_name: Type.String({
      minLength: 1,
      maxLength: 30,
      pattern: VISIBLE_TEXT,
      description: 'Name of the account holder',
      examples: ['홍길동'],
    }),
  },
  { additionalProperties: false, description: 'Account that a virtual account payment is paid back to' },
)
export type RefundAccount = Static<typeof RefundAccount>

/** The account number as it may be stored and shown: its last four characters, and never more than half of it. */
export function maskAccountNumber(accountNumber: string): string {
  const characters = [...accountNumber]
  let shown = characters.slice(-4)
  // Hyphens and spaces hide nothing, and are not counted.
  while (tellingOf(shown) > tellingOf(characters) / 2) shown = shown.slice(1)
  return '*'.repeat(characters.length - shown.length) + shown.join('')
}

function tellingOf(characters: readonly string[]): number {
  return characters.filter((character) => /[\p{L}\p{N}]/u.test(character)).length
}
