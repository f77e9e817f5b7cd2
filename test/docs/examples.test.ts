import { readFileSync } from 'node:fs'
import t from 'tap'
import { startAll } from '../support/gateway.ts'

const ROOT = new URL('../../', import.meta.url)

/** Where the examples of the documents are sent, the demo's address. */
const DEMO = 'http://127.0.0.1:3000'

type Example = Readonly<{ command: string; answer: string | undefined }>

/** Lines of code; a blank line between the head of an answer and its body divides nothing. */
const BLOCK = /(?:^ {4}.*\n(?:\n(?= {4}\{))?)+/gm

/** The `curl`s of a page that name everything they send, each with the answer that the page shows for it. */
function examplesOf(path: string): Example[] {
  const blocks = readFileSync(new URL(path, ROOT), 'utf8').match(BLOCK) ?? []
  return blocks
    .map((block) => block.replace(/^ {4}/gm, ''))
    .flatMap((block, index, all) =>
      block.startsWith('curl ') && block.includes(DEMO) && !block.includes('...')
        ? [{ command: block, answer: all[index + 1]?.startsWith('HTTP/') ? all[index + 1] : undefined }]
        : [],
    )
}

/** The request that a `curl` of the documents makes. */
function requestOf(command: string) {
  const [, path = ''] = /http:\/\/127\.0\.0\.1:3000([^\s']*)/.exec(command) ?? []
  const headers = [...command.matchAll(/-H '([^:']+): ([^']*)'/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ])
  const [, body] = /-d '([^']*)'/.exec(command) ?? []
  return {
    path,
    init: { method: body === undefined ? 'GET' : 'POST', headers: Object.fromEntries(headers), body },
  }
}

for (const page of ['README.md', 'docs/calling.md', 'docs/ko/calling.md']) {
  t.test(`the examples of ${page} are answered as it says`, async (t) => {
    const { url } = await startAll(t, { COOKIEPAY_PG: 'toss' })
    const examples = examplesOf(page)
    t.ok(examples.length >= 1, `${examples.length} examples`)
    for (const { command, answer } of examples) {
      for (const line of command.split(/\n(?=curl )/)) {
        const { path, init } = requestOf(line)
        const response = await fetch(url + path, init as RequestInit)
        const [, status = '201'] = /^HTTP\/1\.1 (\d+)/.exec(answer ?? '') ?? []
        t.equal(response.status, init.method === 'GET' ? 200 : Number(status), line.split('\n', 1).join())
        const text = await response.text()
        for (const [stated] of answer?.matchAll(/"(?:code|rule|retry|status|kind)": "\w+"/g) ?? []) {
          t.ok(text.includes(stated.replace(': ', ':')), stated)
        }
        for (const [, name = '', value = ''] of answer?.matchAll(/^(Location|Retry-After): (.+)$/gm) ?? []) {
          t.equal(response.headers.get(name), value, name)
        }
      }
    }
  })
}
