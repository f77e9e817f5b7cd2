import AjvCompiler from '@fastify/ajv-compiler'
import compileSerializers from '@fastify/fast-json-stringify-compiler'

type BuildSerializers = ReturnType<typeof compileSerializers>
type BuildValidators = ReturnType<typeof AjvCompiler>
type CompileValidator = ReturnType<BuildValidators>
type Validator = ReturnType<CompileValidator>

/**
 * Fastify's serializers of answers, each made when the first such answer is sent. There is one for each status of each
 * route; made at the start, they took a fifth of it, and most of them are of answers that are never given.
 */
export function lazySerializers(): BuildSerializers {
  const build = compileSerializers()
  return (schemas, options) => {
    const compile = build(schemas, options)
    return (route) => {
      let serialize: ReturnType<typeof compile> | undefined
      return (answer) => {
        serialize ??= compile(route)
        return serialize(answer)
      }
    }
  }
}

/** Fastify's validators, each made for the first request of its route: together they took a tenth of the start. */
export function lazyValidators(): BuildValidators {
  const build = AjvCompiler()
  return (schemas, options) => {
    let compile: CompileValidator | undefined
    return (route: Parameters<CompileValidator>[0]) => {
      let validate: Validator | undefined
      const lazy = (data: unknown) => {
        compile ??= build(schemas, options)
        validate ??= compile(withLowerCaseHeaders(route))
        const isValid = validate(data)
        // Where Fastify looks for what is wrong.
        lazy.errors = validate.errors
        return isValid
      }
      lazy.errors = undefined as Validator['errors']
      return lazy as unknown as Validator
    }
  }
}

type Route = { httpPart: string; schema: HeadersSchema }
type HeadersSchema = { properties?: Record<string, unknown>; required?: string[] }

/** As Node.js names headers. Fastify does this for its own validators alone, and for what is nested, too. */
function withLowerCaseHeaders(route: Parameters<CompileValidator>[0]): Parameters<CompileValidator>[0] {
  const { httpPart, schema } = route as unknown as Route
  if (httpPart !== 'headers') return route
  const { properties = {}, required = [] } = schema
  const named = Object.entries(properties).map(([name, one]) => [name.toLowerCase(), one] as const)
  const lowered = {
    properties: Object.fromEntries(named),
    required: required.map((name) => name.toLowerCase()),
  }
  return { ...(route as object), schema: { ...schema, ...lowered } }
}
