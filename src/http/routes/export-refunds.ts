import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import compress from '@fastify/compress'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import {
  type ChangedBatch,
  type ChangeFilter,
  type ChangeParts,
  changedRefunds,
} from '../../refunds/flows/changed-refunds.ts'
import { koreanDay } from '../../refunds/korean-day.ts'
import type { MerchantAccount } from '../../refunds/merchant.ts'
import type { Refund } from '../../refunds/refund.ts'
import { REFUND_STATUSES } from '../../refunds/refund-states.ts'
import type { Caller } from '../caller.ts'
import { REFUNDS } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { csvHead, csvLines } from '../refund-csv.ts'
import { AccountName, API_KEY_SECURITY, RATE_LIMIT_HEADERS } from '../shared-schemas.ts'
import { hangUpOf } from './hang-up.ts'
import type { HeavyReads } from './heavy-reads.ts'
import { CallerName, From, readTimeQuery, To } from './time-query.ts'

export type ExportRefundsOptions = ChangeParts &
  Readonly<{
    /** The configured accounts by their names. */
    accounts: ReadonlyMap<string, MerchantAccount>
    heavyReads: HeavyReads
  }>

type Format = Readonly<{
  contentType: string
  head(): string
  lines(refunds: readonly Refund[]): string
}>

/** How refunds are written. */
const FORMATS = {
  csv: { contentType: 'text/csv; charset=utf-8; header=present', head: csvHead, lines: csvLines },
  ndjson: {
    contentType: 'application/x-ndjson; charset=utf-8',
    head: () => '',
    lines: (refunds) => refunds.map((refund) => `${JSON.stringify(refund)}\n`).join(''),
  },
} as const satisfies Record<string, Format>

/** No reader is so slow for so long that an export is worth a place among them any more. */
const LONGEST_EXPORT_MS = 3_600_000

/** What is held for a reader that does not keep up, beside one batch. */
const BUFFERED_BYTES = 64 * 1024

/** After a batch: longer would bring a large export to {@link LONGEST_EXPORT_MS}. */
const LONGEST_REST_MS = 10

/** How many refunds are read and written at a time: few, so that a refund that is being made hardly waits for them. */
const BATCH = 10

const ExportQuery = Type.Object(
  {
    from: From,
    to: Type.Optional(To),
    format: Type.Optional(
      Type.Enum(['csv', 'ndjson'], {
        description: '`csv` when absent; `ndjson`: a refund as JSON on each line',
        examples: ['csv'],
      }),
    ),
    status: Type.Optional(
      Type.Enum(REFUND_STATUSES, { description: 'These alone', examples: ['succeeded'] }),
    ),
    account: Type.Optional(AccountName),
    caller: Type.Optional(CallerName),
  },
  { additionalProperties: false },
)
type ExportQuery = Static<typeof ExportQuery>

const EXAMPLE = [REFUNDS.full, REFUNDS.declined]

function textContent(format: Format, summary: string) {
  return {
    schema: Type.String({ description: 'Everything, streamed, however long' }),
    examples: { day: { summary, value: format.head() + format.lines(EXAMPLE) } },
  }
}

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'exportRefunds',
  tags: ['refunds'],
  summary: 'Export the refunds of a span of time',
  description:
    'The refunds of `GET /refunds?from=`, whole and in one answer, which is streamed. It is whole only where the answer ends properly: one that fails on the way is broken off. In CSV, an apostrophe goes before a cell that a spreadsheet would run as a formula; `ndjson` has each refund as it is. At most three exports and reports are made at a time.',
  querystring: ExportQuery,
  response: {
    200: {
      description: 'The refunds, by their last change, oldest first',
      headers: {
        ...RATE_LIMIT_HEADERS,
        'Content-Disposition': { type: 'string', description: 'A name for the file' },
      },
      content: {
        'text/csv': textContent(FORMATS.csv, 'A table'),
        'application/x-ndjson': textContent(FORMATS.ndjson, 'A refund on each line'),
      },
    },
    ...problemResponses(['invalid_request', 'unknown_account'], {
      forbidden: { detail: 'This key lacks the scope read_all.' },
      invalid_request: {
        detail: 'to must be later than from, which it does not include.',
        errors: [{ pointer: '#/to', detail: 'must be later than from, which it does not include' }],
      },
    }),
  },
}

/** `GET /refunds/export`. */
export const exportRefundsRoute: FastifyPluginAsyncTypebox<ExportRefundsOptions> = async (app, options) => {
  const { accounts, heavyReads } = options
  await app.register(compress, { global: false, globalDecompression: false })
  // One may take longer than a gateway that ends has time for.
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort(new Error('the gateway is closing')))

  app.get(
    '/refunds/export',
    {
      config: { scopes: ['read_all'] },
      schema,
      // It would be made for the sake of its headers.
      exposeHeadRoute: false,
      compress: { encodings: ['gzip'], customTypes: /^(text\/csv|application\/x-ndjson)\b/ },
    },
    async (request, reply) => {
      const { query } = request
      const asked = readTimeQuery(query, { accounts, caller: request.caller as Caller })
      if ('code' in asked) return sendProblem(reply, asked.code, asked.details)
      const place = heavyReads.enter(reply)
      if (place === null) return reply
      const signal = AbortSignal.any([
        hangUpOf(reply),
        closing.signal,
        AbortSignal.timeout(LONGEST_EXPORT_MS),
      ])
      try {
        const batches = changedRefunds(options, asked.filter, { batch: BATCH, signal })
        // Before anything is sent, so that a store that is away is an answer of its own.
        const first = await batches.next()
        const texts = textsOf(FORMATS[query.format ?? 'csv'], { first, batches, signal })
        return sendText(reply, { query, filter: asked.filter, texts, signal, leave: place.leave })
      } catch (error) {
        place.leave()
        throw error
      }
    },
  )
}

type Batches = Readonly<{
  first: IteratorResult<ChangedBatch, void>
  batches: AsyncGenerator<ChangedBatch, void, void>
  signal: AbortSignal
}>

/** Throws, in place of ending, where not everything was read. */
async function* textsOf(format: Format, { first, batches, signal }: Batches): AsyncGenerator<string, void> {
  yield format.head()
  for (let read = first; !read.done; ) {
    yield format.lines(read.value.refunds.map(({ stored }) => stored.refund))
    const startedAt = performance.now()
    read = await batches.next()
    // Refunds go first: where those keep the process or Redis busy, a batch takes longer, and so does the rest.
    await sleep(Math.min(LONGEST_REST_MS, 2 * (performance.now() - startedAt)))
  }
  signal.throwIfAborted()
}

type Sending = Readonly<{
  query: ExportQuery
  filter: ChangeFilter
  texts: AsyncGenerator<string, void>
  signal: AbortSignal
  leave(): void
}>

/** Sends what is read as fast as it is taken. */
function sendText(reply: FastifyReply, { query, filter, texts, signal, leave }: Sending): FastifyReply {
  const stream = Readable.from(texts, { objectMode: false, highWaterMark: BUFFERED_BYTES })
  const breakOff = () => stream.destroy(signal.reason)
  stream.once('close', leave)
  stream.once('error', ({ message }) => {
    reply.log.warn({ reason: message }, 'an export was broken off')
    reset(reply.raw.socket)
  })
  signal.addEventListener('abort', breakOff, { once: true })
  if (signal.aborted) breakOff()
  const format = query.format ?? 'csv'
  return reply
    .header('Content-Disposition', `attachment; filename="${fileName(filter)}.${format}"`)
    .header('Vary', 'accept-encoding')
    .type(FORMATS[format].contentType)
    .send(stream)
}

/** Ends the connection so that nobody takes it for the end of the answer, which in HTTP/1.0 it may be. */
function reset(socket: Socket | null): void {
  // Only TLS tells its peer that more was to come.
  if (socket instanceof TLSSocket) socket.destroy()
  else socket?.resetAndDestroy()
}

/** Named after the days of Korea that it is of. */
function fileName({ fromMs, toMs }: ChangeFilter): string {
  const [first, last] = [koreanDay(fromMs), koreanDay((toMs ?? Date.now()) - 1)]
  return first === last ? `refunds-${first}` : `refunds-${first}-to-${last}`
}
