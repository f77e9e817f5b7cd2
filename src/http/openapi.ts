import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { VERSION } from '../config/version.ts'
import { DOCS_CONTENT_SECURITY_POLICY } from './access/security-headers.ts'
import { SHARED_SCHEMAS } from './routes/schemas.ts'

/**
 * The service does not know under which names and paths it is reached, so the document says: where it came from. A
 * relative address is meant from the document's own (OpenAPI 3.1, 4.8.5).
 */
const SERVER = {
  url: '.',
  description: 'The environment, local or production, that this document came from',
  'x-internal': true,
}

const DOCS = '/docs'

/**
 * The page's other addresses lead to it, by a relative path: what stands before `/docs` only the proxy knows. With a
 * query, it would look for its files in the wrong place.
 */
function leadToThePage(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const [path, query] = request.url.split('?', 2)
  if (path === `${DOCS}/static/index.html`) reply.redirect('../')
  else if (path === `${DOCS}/` && query !== undefined) reply.redirect('./')
  else if (path === DOCS && query !== undefined) reply.redirect(`.${DOCS}`)
  else done()
}

/** The OpenAPI 3.1 document, made from the routes' schemas, and Swagger UI on it. */
export const openapi = fp(async (app) => {
  for (const schema of SHARED_SCHEMAS) app.addSchema(schema)
  await app.register(swagger, {
    // It would read the server's address as a whole one.
    stripBasePath: false,
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'CookiePay refund gateway',
        description:
          'Refunds through CookiePay that move money at most once. Every request to `POST /refunds` carries an `Idempotency-Key`; repeats of it are answered with the same refund.',
        version: VERSION,
      },
      servers: [SERVER],
      tags: [
        { name: 'refunds', description: 'Make and read refunds' },
        { name: 'payments', description: 'What has been done with a payment' },
        { name: 'operations', description: 'For operators and their machines' },
      ],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'A key from API_KEYS, where that is set' },
        },
      },
    },
  })
  await app.register(swaggerUi, {
    routePrefix: DOCS,
    // Of the page's files, so that a proxy may show them below any path.
    indexPrefix: '.',
    uiHooks: { onRequest: leadToThePage },
    // This copy of the document is one level deeper.
    transformSpecification: (document) => ({ ...document, servers: [{ ...SERVER, url: '..' }] }),
    transformSpecificationClone: false,
    staticCSP: DOCS_CONTENT_SECURITY_POLICY,
    uiConfig: { tryItOutEnabled: true },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => reply.send(app.swagger()))
})
