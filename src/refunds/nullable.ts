import { type Static, type TSchema, type TSchemaOptions, Type } from 'typebox'

/** The schema, or null: one `type` list, which validators and serializers handle without trying branches. */
export function nullable<Schema extends TSchema & { type: string }>(schema: Schema, options: TSchemaOptions) {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, ...options, type: [schema.type, 'null'] })
}
