/**
 * `postgres3`: what an engineer would write first today, with PostgreSQL and three transactions: claim the key, reserve
 * the amount under a lock on the payment, record the outcome. A refund whose call broke off stays `processing`: a repeat
 * is told so for ever, and nobody looks for what became of it.
 */
import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import postgres from 'postgres'
import { connectProvider, keyOf, type RefundRequest, refundOf, requiredVariable, serve } from './support.ts'

/** As many as the gateway has calls under way; PostgreSQL allows 100. */
const CONNECTIONS = 64

const sql = postgres(requiredVariable('POSTGRES_URL'), { max: CONNECTIONS, onnotice() {} })

await sql`create table if not exists keys (
  key text primary key, fingerprint text not null, tid text not null, at timestamptz not null default now())`
await sql`create table if not exists payments (
  tid text primary key, amount bigint not null, refunded bigint not null default 0, in_flight bigint not null default 0)`
await sql`create table if not exists refunds (
  key text primary key references keys, tid text not null references payments, amount bigint not null,
  status text not null, request jsonb not null, answer jsonb)`

type Stored = Readonly<{ status: string; answer: unknown }>

const provider = connectProvider()
const token = await provider.fetchToken()
const app = Fastify({ logger: false })

app.post<{ Body: RefundRequest }>('/refunds', async (request, reply) => {
  const { body } = request
  const key = keyOf(request.headers)
  const amount = body.amount ?? body.payment.amount
  const fingerprint = createHash('sha256').update(JSON.stringify(body)).digest('hex')

  const known = await claim(key, fingerprint, body.tid)
  if (known.fingerprint !== fingerprint) return reply.code(422).send({ code: 'idempotency_key_reused' })
  const begun = await begin(key, amount, body)
  if (begun === 'exceeds') return reply.code(422).send({ code: 'amount_exceeds_remaining' })
  if (begun?.status === 'succeeded') return reply.code(201).send(begun.answer)
  if (begun !== undefined) return reply.code(409).send({ code: 'idempotency_in_progress' })

  const answer = refundOf(body, await provider.cancel(body, token))
  await settle(key, amount, answer)
  return reply.code(201).send(answer)
})

async function claim(key: string, fingerprint: string, tid: string): Promise<{ fingerprint: string }> {
  return sql.begin(async (sql) => {
    await sql`insert into keys (key, fingerprint, tid) values (${key}, ${fingerprint}, ${tid}) on conflict do nothing`
    const [row] = await sql`select fingerprint from keys where key = ${key}`
    return row as { fingerprint: string }
  })
}

/** The refund that was begun before, or undefined: it is now. */
async function begin(
  key: string,
  amount: number,
  body: RefundRequest,
): Promise<Stored | 'exceeds' | undefined> {
  const { tid, payment } = body
  return sql.begin(async (sql) => {
    await sql`insert into payments (tid, amount) values (${tid}, ${payment.amount}) on conflict do nothing`
    const [ledger] = await sql`select amount, refunded, in_flight from payments where tid = ${tid} for update`
    const [before] = await sql<Stored[]>`select status, answer from refunds where key = ${key}`
    if (before !== undefined) return before
    const left = Number(ledger?.amount) - Number(ledger?.refunded) - Number(ledger?.in_flight)
    if (amount > left) return 'exceeds'
    await sql`update payments set in_flight = in_flight + ${amount} where tid = ${tid}`
    await sql`insert into refunds (key, tid, amount, status, request)
      values (${key}, ${tid}, ${amount}, 'processing', ${sql.json(body)})`
    return undefined
  })
}

async function settle(key: string, amount: number, answer: ReturnType<typeof refundOf>): Promise<void> {
  await sql.begin(async (sql) => {
    await sql`update payments set in_flight = in_flight - ${amount}, refunded = refunded + ${amount}
      where tid = ${answer.tid}`
    await sql`update refunds set status = 'succeeded', answer = ${sql.json(answer)} where key = ${key}`
  })
}

await serve(app)
