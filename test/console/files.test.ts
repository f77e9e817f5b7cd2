import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { readConsoleFiles } from '../../src/console/files.ts'
import { isProblem } from '../support/contract.ts'
import { startAll } from '../support/gateway.ts'
import { startPrefixProxy } from '../support/prefix-proxy.ts'

const STATIC = new URL('../../src/console/static/', import.meta.url)
const files = readConsoleFiles()
const own = readdirSync(STATIC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => posix.relative(STATIC.pathname, `${parentPath}/${name}`))

/** `import ... from` and `export ... from`, each at the start of a line. */
const IMPORTS = /^(?:import|export)\s*[\w{*][^'"()=]*from\s*["']([^"']+)["']/gm

const MOST_BYTES = 80 * 1024

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

t.test('every own file is served, and nothing that is not there', async (t) => {
  t.same(own.filter((name) => !files.has(name)).sort(), [])
})

t.test('modules import own files alone, and none is left over', async (t) => {
  const reached = new Set(['index.html', 'app.js', 'console.css', 'favicon.svg'])
  const walk = (name: string) => {
    for (const [, imported = ''] of String(files.get(name)?.content).matchAll(IMPORTS)) {
      t.match(imported, /^\.{1,2}\//, `${name} imports ${imported}`)
      const path = posix.join(posix.dirname(name), imported)
      t.ok(files.has(path), `${name} imports ${path}`)
      if (!reached.has(path)) {
        reached.add(path)
        walk(path)
      }
    }
  }
  walk('app.js')
  t.same(
    [...files.keys()].filter((name) => !reached.has(name)),
    [],
  )
})

t.test('the page has no script or style within it and asks nobody else for anything', async (t) => {
  const page = String(files.get('index.html')?.content)
  t.notMatch(page, /<style|\sstyle=|\son[a-z]+=|javascript:/i)
  for (const [, inline] of page.matchAll(/<script[^>]*>([^<]*)<\/script>/g))
    t.equal(inline, '', 'no script within')
  for (const [, address] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
    t.match(address, /^console\//)
    t.ok(files.has(String(address).slice('console/'.length)), String(address))
  }
  for (const name of files.keys()) {
    if (name.endsWith('.js')) t.match(page, `"console/${name}"`, `${name} is asked for at once`)
  }
  for (const name of own) {
    const text = readFileSync(new URL(name, STATIC), 'utf8').replaceAll('http://www.w3.org/2000/svg', '')
    t.notMatch(text, /https?:\/\/|url\(|@import|dangerouslySetInnerHTML|innerHTML/, name)
  }
})

t.test('all files together weigh at most 80 KiB as they are sent', async (t) => {
  const bytes = [...files.values()].reduce((sum, { gzipped }) => sum + gzipped.length, 0)
  t.ok(bytes <= MOST_BYTES, `${bytes} bytes`)
})

t.test('over HTTP', async (t) => {
  const { gateway, url } = await startAll(t)

  t.test('/ leads to the page', async (t) => {
    const answer = await fetch(`${url}/`, { redirect: 'manual' })
    t.equal(answer.status, 302)
    t.equal(new URL(answer.headers.get('location') ?? '', answer.url).pathname, '/console')
  })

  t.test('the page and its files have the strict policy and are asked about each time', async (t) => {
    for (const path of ['/console', '/console/app.js', '/console/screens/find.js', '/console/console.css']) {
      const answer = await gateway.request(path)
      t.equal(answer.status, 200, path)
      t.equal(answer.headers.get('content-security-policy'), POLICY, path)
      t.equal(answer.headers.get('cache-control'), 'no-cache', path)
      t.equal(answer.headers.get('x-content-type-options'), 'nosniff', path)
      const etag = answer.headers.get('etag') ?? ''
      const again = await gateway.request<string>(path, { headers: { 'if-none-match': etag } })
      t.equal(again.status, 304, path)
      t.equal(again.body, '')
    }
  })

  t.test('files are packed for who takes that, and whole for who does not', async (t) => {
    const packed = await fetch(`${url}/console/app.js`)
    t.equal(packed.headers.get('content-encoding'), 'gzip')
    const whole = await fetch(`${url}/console/app.js`, { headers: { 'accept-encoding': 'identity' } })
    t.equal(whole.headers.get('content-encoding'), null)
    t.equal(await packed.text(), await whole.text())
  })

  t.test('nothing but the list is found: no path leads out', async (t) => {
    const paths = [
      'nothing.js',
      '../package.json',
      '..%2f..%2fpackage.json',
      'static/app.js',
      'index.html',
      'app.js/',
    ]
    for (const path of paths) {
      const answer = await fetch(`${url}/console/${path}`, { redirect: 'manual', headers: { accept: '*/*' } })
      t.equal(answer.status, 404, path)
      t.match(await answer.json(), { code: 'not_found' })
    }
  })

  t.test('a person who mistypes comes to the page, at whatever depth', async (t) => {
    for (const path of ['/console/', '/console/unknown', '/console/a/b/c', '/console/x?y=1']) {
      const headers = { accept: 'text/html,*/*' }
      const answer = await fetch(url + path, { redirect: 'manual', headers })
      t.equal(answer.status, 302, path)
      t.equal(new URL(answer.headers.get('location') ?? '', url + path).pathname, '/console', path)
    }
  })

  t.test('everything works below a path that a proxy strips', async (t) => {
    const proxied = await startPrefixProxy(t, url, '/shop/pay', {})
    const root = await fetch(`${proxied}/`)
    t.equal(root.url, `${proxied}/console`)
    t.match(await root.text(), '<div id="app">')
  })

  t.test('an open gateway shows it to this machine alone', async (t) => {
    const answer = await gateway.request('/console', { headers: { origin: 'https://evil.example' } })
    isProblem(t, answer, 'forbidden')
  })
})
