import { type Static, type TSchema, Type } from 'typebox'

/** A reference to a schema that the app shares by its `$id`, so that the document holds it once. */
export function ref<Schema extends TSchema>(schema: Schema) {
  const { $id } = schema as { $id?: string }
  if ($id === undefined) throw new Error('bug: only a schema with an $id can be referred to')
  return Type.Unsafe<Static<Schema>>({ $ref: `${$id}#` })
}
