import { readFileSync } from 'node:fs'
import t from 'tap'
import { VERSION } from '../../src/config/version.ts'

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))

t.test('the package, its lock file and the OpenAPI document say one version', async (t) => {
  const lock = read('package-lock.json')
  t.equal(read('package.json').version, VERSION)
  t.equal(lock.version, VERSION)
  t.equal(lock.packages[''].version, VERSION)
  t.equal(read('openapi/openapi.json').info.version, VERSION)
})
