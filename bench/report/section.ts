/** What one set of results gives to docs/performance.md. */
export type Section = Readonly<{
  text: string
  /** By their file names. */
  charts: Readonly<Record<string, string>>
}>
