import Fastify from 'fastify'
import t from 'tap'
import { lazySerializers, lazyValidators } from '../../src/http/lazy-compilers.ts'

const schema = {
  response: {
    200: { type: 'object', properties: { b: { type: 'integer' }, a: { $ref: 'name#' } } },
    404: { type: 'object', properties: { code: { type: 'string' } } },
  },
}

function build(options = {}) {
  const app = Fastify({ logger: false, ...options })
  app.addSchema({ $id: 'name', type: 'string' })
  app.get<{ Params: { status: string } }>('/:status', { schema }, (request, reply) =>
    reply.code(Number(request.params.status)).send({ a: '환불', b: '7', code: 'gone', other: 1 }),
  )
  return app
}

t.test('answers are written as Fastify writes them, and nothing is made for others', async (t) => {
  const made: string[] = []
  const factory = lazySerializers()
  const counting: typeof factory = (schemas, options) => {
    const compile = factory(schemas, options)
    return (route) => {
      const serialize = compile({
        ...route,
        get schema() {
          made.push(route.httpStatus)
          return route.schema
        },
      })
      return (answer) => serialize(answer)
    }
  }
  const lazy = build({ schemaController: { compilersFactory: { buildSerializer: counting } } })
  await lazy.ready()
  t.strictSame(made, [], 'not at the start')

  const eager = build()
  for (const status of [200, 404, 200, 404]) {
    const [own, theirs] = await Promise.all([lazy, eager].map((app) => app.inject(`/${status}`)))
    t.equal(own?.payload, theirs?.payload)
  }
  t.strictSame([...new Set(made)], ['200', '404'])
  t.strictSame(made, ['200', '404'], 'once each')
})

t.test('requests are checked as Fastify checks them, and nothing is made before the first', async (t) => {
  const body = {
    type: 'object',
    additionalProperties: false,
    required: ['a'],
    properties: { a: { $ref: 'name#' }, b: { type: 'integer', default: 7 } },
  }
  const buildChecked = (options = {}) => {
    const app = Fastify({ logger: false, ajv: { customOptions: { coerceTypes: false } }, ...options })
    app.addSchema({ $id: 'name', type: 'string' })
    const headers = { type: 'object', required: ['X-Key'], properties: { 'X-Key': { pattern: '^k' } } }
    app.post('/', { schema: { body, headers } }, async (request) => request.body)
    return app
  }
  const made: string[] = []
  const factory = lazyValidators()
  const counting: typeof factory = (schemas, options) => {
    const compile = factory(schemas, options)
    return (route) => {
      const { schema, httpPart } = route as unknown as { schema: object; httpPart: string }
      return compile({
        httpPart,
        get schema() {
          made.push(httpPart)
          return schema
        },
      })
    }
  }
  const lazy = buildChecked({ schemaController: { compilersFactory: { buildValidator: counting } } })
  await lazy.ready()
  t.strictSame(made, [], 'not at the start')

  const eager = buildChecked()
  for (const payload of [{ a: 'x' }, { a: 1 }, {}, { a: 'x', b: '1' }, { a: 'x', c: 1 }, { a: 'y' }]) {
    for (const headers of [{ 'X-Key': 'k1' }, { 'X-Key': '1' }, {}]) {
      const [own, theirs] = await Promise.all(
        [lazy, eager].map((app) => app.inject({ method: 'POST', url: '/', payload, headers })),
      )
      t.equal(own?.payload, theirs?.payload)
      t.equal(own?.statusCode, theirs?.statusCode)
    }
  }
  t.strictSame([...new Set(made)], ['body', 'headers'])
})
