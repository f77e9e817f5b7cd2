import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import { listByTime } from '../../refunds/flows/list-by-time.ts'
import type { MerchantAccount } from '../../refunds/merchant.ts'
import type { Journal } from '../../refunds/ports/journal.ts'
import type { RefundStore, UnsettledQuery } from '../../refunds/ports/store.ts'
import { REFUND_STATUSES } from '../../refunds/refund-states.ts'
import { noSuchAccount, pickAccount } from '../../refunds/rules/pick-account.ts'
import { type Caller, READERS } from '../caller.ts'
import { AWAITING_REFUND, type Examples, REFUNDS } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { refundAsSeenBy, SeenRefund } from '../seen-refund.ts'
import { AccountName, API_KEY_SECURITY, jsonAnswer, NextCursor, ref, Tid } from '../shared-schemas.ts'
import { hangUpOf } from './hang-up.ts'
import { decodeTimeCursor, encodeTimeCursor, TIME_CURSOR, TIME_CURSOR_LENGTH } from './time-cursor.ts'
import { CallerName, From, readTimeQuery, To } from './time-query.ts'

export type ListRefundsOptions = Readonly<{
  store: RefundStore
  journal: Journal
  /** The configured accounts by their names. */
  accounts: ReadonlyMap<string, MerchantAccount>
}>

/** The answer of `GET /refunds`. */
export const RefundList = Type.Object(
  {
    data: Type.Array(ref(SeenRefund), { description: 'Oldest first', maxItems: 100 }),
    next_cursor: NextCursor,
  },
  { $id: 'RefundList', description: 'A page of refunds' },
)

const RefundListQuery = Type.Object(
  {
    tid: Type.Optional(Tid),
    status: Type.Optional(
      Type.Enum(REFUND_STATUSES, {
        description:
          'With neither tid nor from, `processing`, `unknown` or `awaiting_deposit`: the unsettled refunds of all payments',
        examples: ['unknown'],
      }),
    ),
    account: Type.Optional(AccountName),
    from: Type.Optional(From),
    to: Type.Optional(To),
    caller: Type.Optional(CallerName),
    limit: Type.Optional(
      Type.String({
        maxLength: 3,
        pattern: '^([1-9][0-9]?|100)$',
        description: 'How many, 1 to 100; 20 when absent',
        examples: ['20'],
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        maxLength: TIME_CURSOR_LENGTH,
        pattern: `^([1-9][0-9]{0,14}|[0-9]{13}\\.rf_[0-9A-Z]{26}|${TIME_CURSOR})$`,
        description: '`next_cursor` of the page before',
        examples: ['21'],
      }),
    ),
  },
  { additionalProperties: false },
)
type RefundListQuery = Static<typeof RefundListQuery>

const NO_LIST = {
  pointer: '#/tid',
  detail: 'Give a tid, or from, or else a status of unknown, processing or awaiting_deposit.',
}

const CURSOR_EXAMPLE = 'tY0xvUm9rMTc2NzI3OTYwMDAwMCAxNzY3MjMxMDAwNDEyLTAuMw'

const LISTS: Examples<Static<typeof RefundList>> = {
  of_payment: { summary: 'Of one payment', value: { data: [REFUNDS.partial], next_cursor: null } },
  of_others: {
    summary: 'Of one payment, whose refund another caller asked for',
    value: { data: [refundAsSeenBy(null, REFUNDS.partial)], next_cursor: null },
  },
  unsettled: {
    summary: 'What is unknown, of all payments',
    value: { data: [REFUNDS.unknown], next_cursor: null },
  },
  awaiting_deposit: {
    summary: 'What awaits a deposit, of all payments',
    value: { data: [AWAITING_REFUND], next_cursor: null },
  },
  by_time: {
    summary: 'What changed last on a day, of all payments: the first page',
    value: { data: [REFUNDS.full, REFUNDS.declined], next_cursor: CURSOR_EXAMPLE },
  },
  none: { summary: 'There is none', value: { data: [], next_cursor: null } },
}

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'listRefunds',
  tags: ['refunds'],
  summary: 'List the refunds of a payment, of a span of time, or the unsettled ones of all',
  description:
    'Give a tid; or from, for the refunds of all payments by the time of their last change; or else a status of `unknown`, `processing` or `awaiting_deposit`. With a tid, refunds of other callers are cut down without the scope `read_all`; without one, they are left out.',
  querystring: RefundListQuery,
  response: {
    200: jsonAnswer(RefundList, { description: 'Oldest first', examples: LISTS }),
    ...problemResponses(['invalid_request', 'unknown_account'], {
      forbidden: { detail: 'This key lacks the scope read or read_all.' },
      invalid_request: { detail: NO_LIST.detail, errors: [NO_LIST] },
    }),
  },
}

const DEFAULT_LIMIT = 20

/** `GET /refunds`. */
export const listRefundsRoute: FastifyPluginAsyncTypebox<ListRefundsOptions> = async (app, options) => {
  const { store, journal, accounts } = options

  app.get('/refunds', { config: { scopes: READERS }, schema }, async (request, reply) => {
    const { tid, status, from } = request.query
    const mistake = mistakeOf(request.query)
    if (mistake !== null) return sendInvalid(reply, mistake)
    if (tid !== undefined) return sendPayment(reply, { ...request.query, tid })
    if (from !== undefined) return sendByTime(reply, { ...request.query, from })
    if (status === undefined || status === 'succeeded' || status === 'failed') {
      return sendInvalid(reply, NO_LIST)
    }
    return sendUnsettled(reply, { ...request.query, status })
  })

  function sendUnknownAccount(reply: FastifyReply, name: string | undefined): FastifyReply {
    return sendProblem(reply, 'unknown_account', { detail: noSuchAccount(name, accounts.keys()) })
  }

  async function sendPayment(
    reply: FastifyReply,
    query: RefundListQuery & { tid: string },
  ): Promise<FastifyReply> {
    const account = pickAccount(accounts, query.account)
    if (account === undefined) return sendUnknownAccount(reply, query.account)
    const page = await store.listByPayment({
      merchant: account.merchant,
      tid: query.tid,
      matches: (refund) => query.status === undefined || refund.status === query.status,
      ...pageOf(query),
    })
    const data = page.refunds.map((refund) => refundAsSeenBy(reply.request.caller, refund))
    return reply.send({ data, next_cursor: page.nextCursor })
  }

  /** Of all accounts where none is named. Refunds of others would say too much, so they are left out. */
  async function sendUnsettled(
    reply: FastifyReply,
    query: RefundListQuery & Pick<UnsettledQuery, 'status'>,
  ): Promise<FastifyReply> {
    const { account: name, status } = query
    const account = name === undefined ? undefined : pickAccount(accounts, name)
    if (name !== undefined && account === undefined) return sendUnknownAccount(reply, name)
    const caller = reply.request.caller as Caller
    const page = await store.listUnsettled({
      status,
      merchant: account?.merchant,
      caller: caller.scopes.includes('read_all') ? undefined : caller.name,
      ...pageOf(query),
    })
    return reply.send({ data: [...page.refunds], next_cursor: page.nextCursor })
  }

  async function sendByTime(
    reply: FastifyReply,
    query: RefundListQuery & { from: string },
  ): Promise<FastifyReply> {
    const asked = readTimeQuery(query, { accounts, caller: reply.request.caller as Caller })
    if ('code' in asked) return sendProblem(reply, asked.code, asked.details)
    const { filter } = asked
    const { cursor, limit } = pageOf(query)
    const after = cursor === null ? null : decodeTimeCursor(filter, cursor)
    if (after === null && cursor !== null) return sendInvalid(reply, OTHER_LIST)
    const page = await listByTime({ store, journal }, filter, { limit, after, signal: hangUpOf(reply) })
    const next_cursor = page.next === null ? null : encodeTimeCursor(filter, page.next)
    return reply.send({ data: [...page.refunds], next_cursor })
  }
}

const OTHER_LIST = { pointer: '#/cursor', detail: 'This cursor is of another list.' }

/** What does not go together. */
function mistakeOf(query: RefundListQuery): typeof NO_LIST | null {
  const { tid, from, to, caller } = query
  if (tid !== undefined && from !== undefined) {
    return { pointer: '#/tid', detail: 'A list is of a payment, by tid, or of a span of time, by from.' }
  }
  if (from === undefined && to !== undefined) return { pointer: '#/to', detail: 'to goes with from.' }
  if (from === undefined && caller !== undefined) {
    return { pointer: '#/caller', detail: 'caller goes with from.' }
  }
  return isCursorOf(query) ? null : OTHER_LIST
}

/** A cursor belongs to its list: a number in a payment's, a time and an id in that of what is unsettled. */
function isCursorOf({ tid, from, cursor }: RefundListQuery): boolean {
  if (cursor === undefined) return true
  if (tid !== undefined) return /^[0-9]+$/.test(cursor)
  return from === undefined ? cursor.includes('.') : cursor.startsWith('t')
}

function pageOf({ limit, cursor }: RefundListQuery) {
  return { limit: Number(limit ?? DEFAULT_LIMIT), cursor: cursor ?? null }
}

function sendInvalid(
  reply: FastifyReply,
  error: Readonly<{ pointer: string; detail: string }>,
): FastifyReply {
  return sendProblem(reply, 'invalid_request', { detail: error.detail, errors: [error] })
}
