/**
 * How bodies, queries and headers are validated: unknown members are refused, and nothing is coerced, dropped or filled
 * in. A misspelt `tax_free_amount` must not become a taxed refund. Every mistake is told at once.
 */
export const STRICT_VALIDATION = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allErrors: true,
  allowUnionTypes: true,
  // For the document alone: the named examples of a body.
  keywords: ['x-examples'],
}
