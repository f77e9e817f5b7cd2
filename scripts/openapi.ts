/** Writes openapi/openapi.json from the routes' schemas. */
import { writeFileSync } from 'node:fs'
import { openapiText } from '../test/support/openapi-text.ts'

writeFileSync(new URL('../openapi/openapi.json', import.meta.url), await openapiText())
