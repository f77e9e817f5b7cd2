import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { VERSION } from '../config/version.ts'
import { ShownNotification } from '../refunds/notification.ts'
import { Refund } from '../refunds/refund.ts'
import { DOCS_CONTENT_SECURITY_POLICY } from './access/security-headers.ts'
import { type OpenApiDocument, publishedDocument } from './openapi-for-generators.ts'
import { Problem } from './problems/catalog.ts'
import { CheckedRefund } from './routes/check-refund.ts'
import { UnsettledRefund } from './routes/create-refund.ts'
import { DailyReport } from './routes/daily-report.ts'
import { RefundList } from './routes/list-refunds.ts'
import { PaymentLedger, SeenOutsideRefund } from './routes/read-payment.ts'
import { RefundEventList } from './routes/read-refund.ts'
import { Redelivery } from './routes/redeliver-events.ts'
import { SeenRefund } from './seen-refund.ts'

/** The schemas that routes refer to by their `$id`. */
const SHARED_SCHEMAS = [
  Refund,
  SeenRefund,
  UnsettledRefund,
  CheckedRefund,
  RefundList,
  SeenOutsideRefund,
  ShownNotification,
  PaymentLedger,
  RefundEventList,
  Redelivery,
  DailyReport,
  Problem,
]

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

const PRODUCT = 'CookiePay Refund Gateway'

/** The product's name, white on the page's dark bar; a browser draws it in a font of its own. */
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 40" width="320" height="40"><title>${PRODUCT}</title><text x="0" y="27" font-family="sans-serif" font-size="22" font-weight="bold" fill="#fff">${PRODUCT}</text></svg>`

/** Money that goes back. */
const FAVICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#173647"/><path d="M12 8 6 14l6 6M6 14h13a6 6 0 0 1 0 12h-5" fill="none" stroke="#fff" stroke-width="3"/></svg>'

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
    transformObject: (made) => publishedDocument((made as { openapiObject: OpenApiDocument }).openapiObject),
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: PRODUCT,
        description:
          'Refunds through CookiePay that move money at most once. Every request to `POST /refunds` carries an `Idempotency-Key`; repeats of it are answered with the same refund.',
        version: VERSION,
      },
      servers: [SERVER],
      tags: [
        { name: 'refunds', description: 'Make and read refunds' },
        { name: 'payments', description: 'What has been done with a payment' },
        { name: 'reports', description: 'What became of the refunds of a day' },
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
    // The page's files have relative paths, so that a proxy may show them below any path.
    indexPrefix: '.',
    uiHooks: { onRequest: leadToThePage },
    // This copy of the document is one level deeper.
    transformSpecification: (document) => ({ ...document, servers: [{ ...SERVER, url: '..' }] }),
    transformSpecificationClone: false,
    theme: {
      title: PRODUCT,
      favicon: [
        { filename: 'favicon.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: FAVICON },
      ],
    },
    logo: { type: 'image/svg+xml', content: LOGO },
    staticCSP: DOCS_CONTENT_SECURITY_POLICY,
    uiConfig: { tryItOutEnabled: true },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => reply.send(app.swagger()))
})
