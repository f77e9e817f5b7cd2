import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import { SHARED_SCHEMAS } from './schemas.ts'
import { DOCS_CONTENT_SECURITY_POLICY } from './security-headers.ts'

/** The service does not know under which names it is reached, so the document says: where it came from. */
const SERVER = {
  url: '/',
  description: 'The environment, local or production, that this document came from',
  'x-internal': true,
}

/** The OpenAPI 3.1 document, made from the routes' schemas, and Swagger UI on it. */
export const openapi = fp(async (app) => {
  for (const schema of SHARED_SCHEMAS) app.addSchema(schema)
  await app.register(swagger, {
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'CookiePay refund gateway',
        description:
          'Refunds through CookiePay that move money at most once. Every request to `POST /refunds` carries an `Idempotency-Key`; repeats of it are answered with the same refund.',
        version: '1.0.0',
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
    routePrefix: '/docs',
    staticCSP: DOCS_CONTENT_SECURITY_POLICY,
    uiConfig: { tryItOutEnabled: true },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => reply.send(app.swagger()))
})
