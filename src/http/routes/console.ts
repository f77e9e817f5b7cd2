import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { type ConsoleFile, PAGE, readConsoleFiles } from '../../console/files.ts'
import { CONSOLE_CONTENT_SECURITY_POLICY } from '../access/security-headers.ts'
import { sendProblem } from '../problems/send-problem.ts'

const CONSOLE = '/console'

/** Files may be kept, and are asked about each time: replicas of two versions may answer one browser. */
const CACHE_CONTROL = 'no-cache'

const HIDDEN = { schema: { hide: true } }

/**
 * `GET /console`, the operator's page, and its files; `GET /` leads there. Open to everybody, as Swagger UI is: what they
 * show is asked for with the key of whoever looks. Every path is relative: what stands before them only a proxy knows.
 */
export const consoleRoutes: FastifyPluginAsync = async (app) => {
  const files = readConsoleFiles()
  const page = files.get(PAGE) as ConsoleFile

  app.get('/', HIDDEN, async (_request, reply) => reply.redirect(`.${CONSOLE}`))
  app.get(CONSOLE, HIDDEN, async (request, reply) => sendFile(request, reply, page))
  app.get<{ Params: { '*': string } }>(`${CONSOLE}/*`, HIDDEN, async (request, reply) => {
    const path = request.params['*']
    const file = path === PAGE ? undefined : files.get(path)
    if (file !== undefined) return sendFile(request, reply, file)
    if (isOpenedByPerson(request)) return reply.redirect(`${'../'.repeat(depthOf(request.url))}.${CONSOLE}`)
    return sendProblem(reply, 'not_found', { detail: 'The console has no such file.' })
  })
}

function sendFile({ headers }: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  reply.headers({
    'Cache-Control': CACHE_CONTROL,
    'Content-Security-Policy': CONSOLE_CONTENT_SECURITY_POLICY,
    ETag: file.etag,
    Vary: 'Accept-Encoding',
  })
  if (headers['if-none-match']?.includes(file.etag)) return reply.code(304).send()
  const isPacked = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''))
  if (isPacked) reply.header('Content-Encoding', 'gzip')
  return reply.type(file.type).send(isPacked ? file.gzipped : file.content)
}

/** Whether a person typed or followed the address: a page that asks for a file of its own is told that there is none. */
function isOpenedByPerson({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true
}

/** How many steps of a relative path lead from there to where `/console` is. */
function depthOf(url: string): number {
  const path = url.split('?', 1)[0] as string
  return path.split('/').length - 2
}
