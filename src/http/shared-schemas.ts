import { type Static, type TSchema, Type } from 'typebox'
import { TID } from '../refunds/refund-request.ts'
import { TEXT } from '../refunds/text.ts'
import { type Examples, REFUND_ID_EXAMPLE } from './examples.ts'

/** A reference to a schema that the app shares by its `$id`, so that the document holds it once. */
export function ref<Schema extends TSchema>(schema: Schema) {
  const { $id } = schema as { $id?: string }
  if ($id === undefined) throw new Error('bug: only a schema with an $id can be referred to')
  return Type.Unsafe<Static<Schema>>({ $ref: `${$id}#` })
}

/** A payment, as its provider names it. */
export const Tid = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: TID,
  description: 'The PG transaction id of the payment',
  examples: ['order1042-10000'],
})

/** One of the configured accounts. */
export const AccountName = Type.String({
  minLength: 1,
  maxLength: 30,
  pattern: TEXT,
  description: 'Name of the configured CookiePay account; optional when there is only one',
  examples: ['default'],
})

/** Where a list goes on. */
export const NextCursor = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  description: 'Give it as `cursor` to get the next page; null: there is none',
  examples: [null],
})

/** The path of one refund. */
export const RefundParams = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[!-~]*$',
    description: 'Id of the refund',
    examples: [REFUND_ID_EXAMPLE],
  }),
})

/** What the rate limiter sets on every answer to a request that it counted. */
export const RATE_LIMIT_HEADERS = {
  'X-RateLimit-Limit': count('Requests that this caller may make in a window'),
  'X-RateLimit-Remaining': count('How many of them are left'),
  'X-RateLimit-Reset': count('Seconds until the window ends'),
}

/** Seconds, on answers that are worth asking for again. */
export const RETRY_AFTER_HEADER = count('Seconds until it is worth asking again')

function count(description: string) {
  return { type: 'integer', format: 'int32', minimum: 0, maximum: 2 ** 31 - 1, description }
}

/** An answer in JSON to a request that the rate limiter counted; `headers`: those of its own. */
export function jsonAnswer<Schema extends TSchema>(
  schema: Schema,
  {
    description,
    headers = {},
    examples,
  }: Readonly<{ description: string; headers?: object; examples: Examples<Static<Schema>> }>,
) {
  return {
    description,
    headers: { ...RATE_LIMIT_HEADERS, ...headers },
    content: { 'application/json': { schema: ref(schema), examples } },
  }
}

/** Says in the document that a route wants a key. */
export const API_KEY_SECURITY = [{ apiKey: [] }]
