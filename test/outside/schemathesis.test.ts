import { execFile, execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { TEXT, VISIBLE_TEXT } from '../../src/refunds/text.ts'
import { gatewayEnv } from '../support/gateway.ts'
import { apiKey } from '../support/keys.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'

/** On the PATH once `pip install schemathesis` has put it there. */
const SCHEMATHESIS = 'st'

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
]

function isInstalled(): boolean {
  try {
    return execFileSync(SCHEMATHESIS, ['--version'], { encoding: 'utf8' }).includes('version 4')
  } catch {
    return false
  }
}

const UNKNOWN_TO_PYTHON = [TEXT, VISIBLE_TEXT]

/** It cannot make texts for a pattern with `\p{Cs}`. */
function withoutTextPattern(document: string): string {
  return JSON.stringify(JSON.parse(document), (name, value) =>
    name === 'pattern' && UNKNOWN_TO_PYTHON.includes(value) ? undefined : value,
  )
}

t.test(
  'Schemathesis finds no answer that is not in the document',
  { skip: !isInstalled() && 'Schemathesis 4 is not installed', timeout: 360_000 },
  async (t) => {
    const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
    const gateway = await spawnGateway(
      t,
      gatewayEnv(sandbox.base, redis, {
        API_KEYS: apiKey('schemathesis', 'key'),
        RATE_LIMIT_MAX: '1000000',
        COOKIEPAY_TIMEOUT_MS: '2000',
      }),
    )
    const document = await readFile(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
    const path = join(t.testdir({}), 'openapi.json')
    await writeFile(path, withoutTextPattern(document))
    const run = ['run', path, '--url', gateway.url, '-H', 'Authorization: Bearer key', '-n', '100']
    const { stdout } = await promisify(execFile)(SCHEMATHESIS, [...run, '--checks', CHECKS.join()], {
      cwd: t.testdirName,
      maxBuffer: 2 ** 26,
    }).catch((error) => error)
    t.match(stdout, /(\d+) generated, \1 passed/)
    t.comment(/Test cases:\s+(.*)/.exec(stdout)?.[1] ?? stdout)
    t.notMatch(gateway.output(), /unexpected error|unhandled|uncaught|"level":60/i)
  },
)
