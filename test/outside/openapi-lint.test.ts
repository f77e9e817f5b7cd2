import { readFileSync } from 'node:fs'
import spectral from '@stoplight/spectral-core'
import parsers from '@stoplight/spectral-parsers'
import t from 'tap'
import { DOCUMENT, ruleset } from '../support/openapi-ruleset.ts'

const text = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')

async function lint(document: string): Promise<string[]> {
  const linter = new spectral.Spectral()
  linter.setRuleset(ruleset)
  const findings = await linter.run(new spectral.Document(document, parsers.Json, DOCUMENT))
  return findings.map(({ code, path, message }) => `${code} at ${path.join('/')}: ${message}`)
}

t.test('the document satisfies the rules of OpenAPI and OWASP', async (t) => {
  t.strictSame(await lint(text), [])
})

t.test('the linter would see what is wrong', async (t) => {
  const document = JSON.parse(text)
  delete document.paths['/refunds'].post.security
  delete document.paths['/refunds'].post.operationId
  delete document.components.schemas.RefundRequest.properties.tid.maxLength
  delete document.components.schemas.Refund.properties.amount.maximum
  const seen = (await lint(JSON.stringify(document))).join('\n')
  for (const rule of [
    'owasp:api2:2023-write-restricted',
    'operation-operationId',
    'owasp:api4:2023-string-limit',
    'owasp:api4:2023-integer-limit',
  ]) {
    t.match(seen, `${rule} at`)
  }
})
