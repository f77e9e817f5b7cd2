import type { FastifyReply } from 'fastify'
import { SYSTEM_ERROR } from './answers.ts'
import type { Delivery } from './faults.ts'

const TRICKLE_INTERVAL_MS = 100

const MAINTENANCE_PAGE =
  '<!DOCTYPE html>\n<html lang="ko"><head><title>서비스 점검</title></head><body><h1>서비스 점검중입니다</h1></body></html>\n'

const DELIVERIES: Readonly<Record<Delivery, (reply: FastifyReply, answer: object) => FastifyReply>> = {
  json: (reply, answer) => reply.send(answer),
  envelope: (reply) => reply.send(SYSTEM_ERROR),
  'status 500': (reply) => reply.code(500).send(SYSTEM_ERROR),
  html: (reply) => reply.type('text/html; charset=utf-8').send(MAINTENANCE_PAGE),
  empty: (reply) => reply.type('application/json; charset=utf-8').send(''),
  truncated,
  trickle,
  reset,
}

/** Answers in the way that its fault asks for. */
export function deliver(reply: FastifyReply, delivery: Delivery, answer: object): FastifyReply {
  return DELIVERIES[delivery](reply, answer)
}

/** Leaves the client waiting until it goes away. */
export function neverAnswer(reply: FastifyReply): FastifyReply {
  reply.hijack()
  return reply
}

function truncated(reply: FastifyReply, answer: object): FastifyReply {
  reply.hijack()
  const body = Buffer.from(JSON.stringify(answer))
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length })
  raw.write(body.subarray(0, body.length / 2), () => raw.socket?.destroySoon())
  return reply
}

/** The answer byte by byte, then white space: what has arrived may read as JSON, but it never ends. */
function trickle(reply: FastifyReply, answer: object): FastifyReply {
  reply.hijack()
  const body = Buffer.from(JSON.stringify(answer))
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
  let sent = 0
  const interval = setInterval(() => {
    raw.write(sent < body.length ? body.subarray(sent, sent + 1) : ' ')
    sent += 1
  }, TRICKLE_INTERVAL_MS)
  raw.once('close', () => clearInterval(interval))
  return reply
}

function reset(reply: FastifyReply): FastifyReply {
  reply.hijack()
  reply.request.raw.socket.resetAndDestroy()
  return reply
}
