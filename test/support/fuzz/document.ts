import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Target } from './requests.ts'
import type { WireAnswer } from './wire.ts'

type Operation = Readonly<{ responses: Record<string, { content?: Record<string, unknown> }> }>

const document = JSON.parse(
  readFileSync(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8'),
) as {
  paths: Record<string, Record<string, Operation>>
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema(document, 'openapi')
const validators = new Map<string, ValidateFunction>()

/**
 * What a path that is not in the document may be answered with, beside the pages and their files: a body is read before its
 * path is missed, and an id that is empty is missed as late as one that is wrong.
 */
const OUTSIDE_THE_DOCUMENT = [400, 401, 404, 413, 415, 429]
const OWN_PAGES = /^\/($|\?|console|docs|openapi\.json)/

/** What damaged bytes may be answered with: any status of the document, and what the files of Swagger UI add. */
const DOCUMENTED = new Set([
  302,
  304,
  ...Object.values(document.paths).flatMap((path) =>
    Object.values(path).flatMap(({ responses }) => Object.keys(responses).map(Number)),
  ),
])

/** What is wrong with an answer, by the document; undefined: nothing. Without a target it is not known to what. */
export function faultOf(answer: WireAnswer, target?: Target): string | undefined {
  const { status } = answer
  const found = target && findOperation(target)
  if (found !== undefined) {
    const { pointer, operation } = found
    const response = operation.responses[status]
    if (response === undefined) return `${status} is not documented`
    if (target?.method === 'HEAD') return undefined
    const type = (answer.headers.get('content-type') ?? '').split(';', 1)[0] ?? ''
    if (response.content?.[type] === undefined) return `${status} with ${type} is not documented`
    if (!type.endsWith('json')) return undefined
    return mismatch(`${pointer}/responses/${status}/content/${type.replace('/', '~1')}/schema`, answer.body)
  }
  if (target !== undefined && OWN_PAGES.test(target.path))
    return status >= 500 ? `${status} of a page` : undefined
  if (target !== undefined && !OUTSIDE_THE_DOCUMENT.includes(status)) return `${status} outside the document`
  if (status === 500 || !DOCUMENTED.has(status)) return `${status} is documented nowhere`
  const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json')
  if (!isProblem || target?.method === 'HEAD') return undefined
  return mismatch('/components/schemas/Problem', answer.body)
}

function findOperation({ method, path }: Target): { pointer: string; operation: Operation } | undefined {
  const segments = (path.split('?', 1)[0] ?? '').split('/')
  const template = Object.keys(document.paths).find((candidate) => {
    const wanted = candidate.split('/')
    return (
      wanted.length === segments.length &&
      wanted.every((name, index) =>
        name.startsWith('{') ? segments[index] !== '' : name === segments[index],
      )
    )
  })
  if (template === undefined) return undefined
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
  const operation = document.paths[template]?.[verb]
  return operation && { pointer: `/paths/${template.replaceAll('/', '~1')}/${verb}`, operation }
}

function mismatch(pointer: string, body: string): string | undefined {
  let validate = validators.get(pointer)
  if (validate === undefined) {
    validate = ajv.compile({ $ref: `openapi#${pointer.replaceAll('{', '%7B').replaceAll('}', '%7D')}` })
    validators.set(pointer, validate)
  }
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return `no JSON: ${body.slice(0, 100)}`
  }
  return validate(value) ? undefined : `${ajv.errorsText(validate.errors)}: ${body.slice(0, 300)}`
}
