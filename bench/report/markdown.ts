/** A table; the first row is its head, and all columns but the first are numbers. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...body.map(line)].join(
    '\n',
  )
}

export function image(alternative: string, file: string): string {
  return `![${alternative}](charts/${file})`
}

/**
 * The page with what stands between `<!-- name -->` and `<!-- /name -->` replaced: what is written by hand around
 * it stays.
 */
export function replaceSection(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const startsAt = page.indexOf(start)
  const endsAt = page.indexOf(end)
  if (startsAt === -1 || endsAt < startsAt) throw new Error(`docs/performance.md has no ${start} ... ${end}`)
  return `${page.slice(0, startsAt + start.length)}\n\n${text}\n\n${page.slice(endsAt)}`
}
