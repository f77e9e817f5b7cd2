import compileSerializers from '@fastify/fast-json-stringify-compiler'

type BuildCompiler = ReturnType<typeof compileSerializers>

/**
 * Fastify's serializers of answers, each made when the first such answer is sent. There is one for each status of each
 * route; made at the start, they took a fifth of it, and most of them are of answers that are never given.
 */
export function lazySerializers(): BuildCompiler {
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
