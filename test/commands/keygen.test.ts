import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import t from 'tap'
import { SCOPES } from '../../src/config/config.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { built } from '../support/built.ts'

const [FILE = '', ...COMMAND] = await built('commands/keygen.ts')

function keygen(...args: string[]) {
  return spawnSync(FILE, [...COMMAND, ...args], { encoding: 'utf8' })
}

function lineStarting(output: string, start: string): string {
  return (
    output
      .split('\n')
      .find((line) => line.trim().startsWith(start))
      ?.trim() ?? ''
  )
}

t.test('makes a key and the entry that lets it in', async (t) => {
  const { status, stdout } = keygen('shop.eu', 'create,read+create')
  t.equal(status, 0)
  const key = lineStarting(stdout, 'rgk_')
  t.match(key, /^rgk_[A-Za-z0-9_-]{43}$/)
  const { apiKeys } = readConfig({
    COOKIEPAY_ID: 'id',
    COOKIEPAY_KEY: 'key',
    COOKIEPAY_PG: 'toss',
    API_KEYS: lineStarting(stdout, 'shop.eu:'),
  })
  t.strictSame(apiKeys, [
    { caller: 'shop.eu', sha256: createHash('sha256').update(key).digest(), scopes: ['create', 'read'] },
  ])
  t.not(lineStarting(keygen('shop.eu', 'read').stdout, 'rgk_'), key)
})

t.test('explains what it takes', async (t) => {
  const refused: [args: string[], mistake: RegExp][] = [
    [[], /^A caller and its scopes are needed/],
    [['shop'], /^A caller and its scopes are needed/],
    [['shop', 'read', 'create'], /^A caller and its scopes are needed/],
    [['sh:op', 'read'], /^Not a caller: "sh:op"/],
    [['shop', 'admin'], /^Not a scope: "admin"/],
    [['shop', 'read,'], /^Not a scope: ""/],
  ]
  for (const [args, mistake] of refused) {
    const { status, stdout, stderr } = keygen(...args)
    t.match({ status, stdout, stderr }, { status: 1, stdout: '', stderr: mistake }, args.join(' '))
    t.match(stderr, /Usage: .*npm run keygen -- <caller> <scopes>/)
  }
})

t.test('--help tells every scope, and sets of them that work', async (t) => {
  const { status, stdout, stderr } = keygen('--help')
  t.match({ status, stderr }, { status: 0, stderr: '' })
  for (const scope of SCOPES) t.match(stdout, new RegExp(`^ +${scope} +\\S`, 'm'), scope)
  const examples = [...stdout.matchAll(/ {4}([a-z]+) ([a-z_,]+)$/gm)]
  t.equal(examples.length, 4)
  for (const [line, caller, scopes] of examples) {
    const made = keygen(caller as string, scopes as string)
    t.match(made, { status: 0, stdout: `:${scopes?.replaceAll(',', '+')}` }, line.trim())
  }
})
