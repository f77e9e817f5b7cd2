import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import { dailyReport, MOST_NAMED, type ReportParts } from '../../refunds/flows/daily-report.ts'
import { FAILURE_CODES } from '../../refunds/refund.ts'
import { dayOf, KOREAN_DATE } from '../../refunds/time-span.ts'
import { type Examples, REFUNDS } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { API_KEY_SECURITY, jsonAnswer } from '../shared-schemas.ts'
import { hangUpOf } from './hang-up.ts'
import type { HeavyReads } from './heavy-reads.ts'
import { wrongMember } from './time-query.ts'

export type DailyReportOptions = ReportParts &
  Readonly<{
    heavyReads: HeavyReads
    /** For how long the journal is kept. */
    journalRetentionMs: number
  }>

const count = (description: string, example: number) =>
  Type.Integer({
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description,
    examples: [example],
  })

const SUM = {
  count: count('How many refunds', 2),
  amount: count('Integer of KRW: what they come to', 13000),
}

const Row = Type.Object(
  {
    account: Type.String({ description: 'Name of the CookiePay account', examples: ['default'] }),
    caller: Type.String({ description: 'Who asked for them', examples: ['orders'] }),
    succeeded: Type.Object(SUM, {
      description: 'What was refunded: the amounts that CookiePay says it cancelled',
    }),
    failed: Type.Array(
      Type.Object({
        code: Type.Enum(FAILURE_CODES, {
          description: '`failure.code` of these refunds',
          examples: ['provider_declined'],
        }),
        ...SUM,
      }),
      { description: 'What was not refunded, by its code', maxItems: FAILURE_CODES.length },
    ),
    unknown: Type.Object(SUM, {
      description: 'What became unknown on that day and has not been settled since',
    }),
  },
  { description: 'The refunds of one account that one caller asked for' },
)

const OddRefund = Type.Object({
  id: Type.String({ description: 'The refund', examples: [REFUNDS.full.id] }),
  account: Type.String({ description: 'Name of the CookiePay account', examples: ['default'] }),
  caller: Type.String({ description: 'Who asked for it', examples: ['orders'] }),
  tid: Type.String({ description: 'The PG transaction id of the payment', examples: ['order1042-10000'] }),
  amount: count('Integer of KRW: what was asked', 10000),
  counted: count('Integer of KRW: what the ledger counts for it', 9000),
  updated_at: Type.String({
    description: 'ISO 8601: its last change',
    examples: ['2026-01-01T01:30:00.412Z'],
  }),
})

/** The answer of `GET /reports/daily`. */
export const DailyReport = Type.Object(
  {
    date: Type.String({ description: 'The day, of Korea', examples: ['2026-01-01'] }),
    complete_until: Type.String({
      description: 'ISO 8601: whatever changed until then is in it. For a day that is over, its end',
      examples: ['2026-01-01T15:00:00.000Z'],
    }),
    rows: Type.Array(Row, {
      description: 'By account and caller. A disputed refund stands in none',
      maxItems: 100_000,
    }),
    disputes: Type.Array(OddRefund, {
      description: `Refunds that had failed, and that an answer of that day says were made: a person settles them. The first ${MOST_NAMED}`,
      maxItems: MOST_NAMED,
    }),
    disputes_count: count('How many there are', 0),
    mismatches: Type.Array(OddRefund, {
      description: `Succeeded refunds of which CookiePay cancelled another amount than was asked, or one that cannot be read. They stand in rows, too. The first ${MOST_NAMED}`,
      maxItems: MOST_NAMED,
    }),
    mismatches_count: count('How many there are', 0),
  },
  {
    $id: 'DailyReport',
    additionalProperties: false,
    description: 'The refunds whose state changed last on one day of Korea',
  },
)

const DATE = '2026-01-01'
const { full, partial, declined } = REFUNDS
const odd = {
  ...{ id: partial.id, account: 'default', caller: 'anonymous', tid: partial.tid },
  ...{ amount: 3000, counted: 2000, updated_at: partial.updated_at },
}
const EMPTY = {
  ...{ date: DATE, complete_until: '2026-01-01T15:00:00.000Z' },
  ...{ rows: [], disputes: [], disputes_count: 0, mismatches: [], mismatches_count: 0 },
}
const nothing = { count: 0, amount: 0 }
const REPORTS: Examples<Static<typeof DailyReport>> = {
  closed: {
    summary: 'A day that is over, with one refund that differs',
    value: {
      ...EMPTY,
      rows: [
        {
          ...{ account: 'default', caller: 'anonymous' },
          succeeded: { count: 2, amount: full.amount + odd.counted },
          failed: [{ code: 'provider_declined', count: 1, amount: declined.amount }],
          unknown: nothing,
        },
      ],
      mismatches: [odd],
      mismatches_count: 1,
    },
  },
  none: { summary: 'Nothing happened', value: EMPTY },
}

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'getDailyReport',
  tags: ['reports'],
  summary: 'Sum up the refunds of a day',
  description:
    'For closing a day: each refund whose state changed last on that day, once, and what a person has to look at. A refund that is unknown moves to the day on which it is settled. At most three exports and reports are made at a time.',
  querystring: Type.Object(
    {
      date: Type.String({
        maxLength: 10,
        pattern: KOREAN_DATE,
        description: 'A date of Korea',
        examples: [DATE],
      }),
    },
    { additionalProperties: false },
  ),
  response: {
    200: jsonAnswer(DailyReport, { description: 'The report', examples: REPORTS }),
    ...problemResponses(['invalid_request'], {
      forbidden: { detail: 'This key lacks the scope read_all.' },
      invalid_request: {
        detail: 'date must be a date that there is.',
        errors: [{ pointer: '#/date', detail: 'must be a date that there is' }],
      },
    }),
  },
}

/** `GET /reports/daily`. */
export const dailyReportRoute: FastifyPluginAsyncTypebox<DailyReportOptions> = async (app, options) => {
  app.get(
    '/reports/daily',
    { config: { scopes: ['read_all'] }, schema, exposeHeadRoute: false },
    async (request, reply) => {
      const { date } = request.query
      const day = dayOf(date)
      if (day === null) return sendWrong(reply, 'must be a date that there is')
      // What is not wholly in the journal any more would be summed up wrongly.
      if (day.fromMs < options.store.now() - options.journalRetentionMs) {
        return sendWrong(reply, 'is longer ago than refunds are listed by time (JOURNAL_RETENTION_DAYS)')
      }
      const place = options.heavyReads.enter(reply)
      if (place === null) return reply
      try {
        return await dailyReport(options, { date, ...day }, hangUpOf(reply))
      } finally {
        place.leave()
      }
    },
  )
}

function sendWrong(reply: FastifyReply, why: string): FastifyReply {
  const { code, details } = wrongMember('date', why)
  return sendProblem(reply, code, details)
}
