/** `npm run docs`: writes the generated tables into the documents. `test/docs` holds the documents to them. */
import { writeFileSync } from 'node:fs'
import { markdownPages, pageText, regenerated, urlOf } from './docs/pages.ts'

for (const path of markdownPages()) {
  const text = pageText(path)
  const renewed = regenerated(path, text)
  if (renewed === text) continue
  writeFileSync(urlOf(path), renewed)
  process.stdout.write(`${path}\n`)
}
