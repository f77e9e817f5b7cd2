import type { FastifyInstance } from 'fastify'
import { findJsonFault, type JsonFault } from './json-text.ts'

const DETAILS: Readonly<Record<JsonFault['kind'], string>> = {
  member_twice: 'is there twice: name each member once',
  number_rounded: 'must be an integer as it is written, not one that is rounded to it',
}

/** A body that `JSON.parse` takes, and that could be read in another way than its sender meant. */
export class AmbiguousBodyError extends Error {
  override readonly name = 'AmbiguousBodyError'
  readonly statusCode = 400
  /** Where, as a JSON pointer. */
  readonly pointer: string

  constructor({ pointer, kind }: JsonFault) {
    super(DETAILS[kind])
    this.pointer = pointer
  }
}

/** Reads JSON bodies as Fastify does, which refuses names that reach a prototype, and refuses what is ambiguous. */
export function readJsonStrictly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    parse(request, body as string, (error, value) => {
      const fault = error === null ? findJsonFault(body as string) : null
      done(fault === null ? error : new AmbiguousBodyError(fault), value)
    }),
  )
}
