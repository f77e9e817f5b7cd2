/** Writes openapi/openapi.json from the routes' schemas, and the types that the generated client is tested with. */
import { writeFileSync } from 'node:fs'
import { openapiTypes } from '../test/support/generate-openapi-types.ts'
import { openapiText } from '../test/support/openapi-text.ts'

const text = await openapiText()
writeFileSync(new URL('../openapi/openapi.json', import.meta.url), text)
writeFileSync(new URL('../test/outside/openapi-types.ts', import.meta.url), await openapiTypes(text))
