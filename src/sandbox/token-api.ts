import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import { invalidTokenRequest, TOKEN_ERRORS } from './answers.ts'
import type { Tokens } from './issued-tokens.ts'
import { mistakeIn } from './read-request.ts'
import { TokenRequest } from './requests.ts'

/** Manual, "TOKEN 발행 URL" (docs/provider.md, Tokens). Every account exists, but for an id or a key that reads `wrong`. */
export const tokenApi: FastifyPluginCallbackTypebox<Readonly<{ tokens: Tokens }>> = (
  app,
  { tokens },
  done,
) => {
  app.post('/payAuth/token', { attachValidation: true, schema: { body: TokenRequest } }, async (request) => {
    if (request.validationError) return invalidTokenRequest(mistakeIn(request))
    const { pay2_id: id, pay2_key: key } = request.body
    if (id === 'wrong' || key === 'wrong') return TOKEN_ERRORS.wrongCredentials
    return { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: tokens.issue({ id, key }) }
  })
  done()
}
