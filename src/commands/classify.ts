import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { VARIABLES } from '../config/variables.ts'
import { judge, type Said, type TaughtCode, taughtCodes, type Verdict } from '../cookiepay/judge-words.ts'
import { SUCCESS_CODE } from '../cookiepay/messages.ts'
import { PAYMENT_GATEWAYS, type PaymentGateway } from '../refunds/payment.ts'
import { runCommand } from './parts/run-command.ts'

const USAGE = `Prints what a cancel that the provider answers with a code and a message would lead to, and by which row of which
table, so that an operator can ask before teaching a code. Nothing is called and nothing is stored.

Usage: classify [--pg PG] [FILE.tsv], that is
  node dist/commands/classify.js [--pg PG] [FILE.tsv]     (or: npm run classify -- [--pg PG] [FILE.tsv])

FILE.tsv, or standard input, holds one answer a line, its columns separated by tabs:
  pg, code, message     after a header line "pg<TAB>code<TAB>message"
  code, message         else, with --pg; or a message alone
A line that begins with the name of no PG that the gateway knows is judged by the general tables alone.

  --pg PG   whose words they are: ${PAYMENT_GATEWAYS.join(', ')}
  --help    this text

COOKIEPAY_AMBIGUOUS_CODES and COOKIEPAY_DECLINED_CODES are read from the environment, as the gateway reads them.`

const HEADER = 'pg\tcode\tmessage'

/** Stands for the code of a line that has none: no table knows it. */
const NO_CODE = '-'

type Line = Said & Readonly<{ pg: string; message: string }>

type Outcome = 'succeeded' | 'provider_declined' | 'already_cancelled' | 'deposit_required' | 'unknown'

const OUTCOMES: Readonly<Record<Verdict['says'], Outcome>> = {
  declined: 'provider_declined',
  already_cancelled: 'already_cancelled',
  deposit_required: 'deposit_required',
  ambiguous: 'unknown',
  unreadable: 'unknown',
  not_known: 'unknown',
}

/**
 * The lines of a text, each with what it would lead to: a header, then one line for each that is not empty.
 */
function classifyLines(input: string, pg: string, taught: readonly TaughtCode[]): readonly string[] {
  const [first = '', ...rest] = input.split(/\r?\n/).filter((line) => line.trim() !== '')
  const hasHeader = first.replace(/^\ufeff/, '') === HEADER
  const lines = hasHeader
    ? rest.map((line) => readLine(line, pg))
    : [first, ...rest].map((line) => withPg(line, pg))
  return [`${HEADER}\toutcome\ttable\trow`, ...lines.map((line) => describe(line, taught))]
}

function readLine(line: string, pg: string): Line {
  const [named = '', code = '', ...message] = line.split('\t')
  return { pg: named || pg, code: code.trim() || NO_CODE, message: message.join('\t') }
}

function withPg(line: string, pg: string): Line {
  return readLine(line.includes('\t') ? `${pg}\t${line}` : `${pg}\t\t${line}`, pg)
}

function describe({ pg, code, message }: Line, taught: readonly TaughtCode[]): string {
  const words = [pg, code, message].join('\t')
  if (code === SUCCESS_CODE) return `${words}\tsucceeded\tcodes\t${SUCCESS_CODE}`
  const { says, table, row } = judge({ code, message }, { pg: gatewayNamed(pg), taught })
  return [words, OUTCOMES[says], table, row].join('\t')
}

function gatewayNamed(name: string): PaymentGateway | null {
  return PAYMENT_GATEWAYS.find((gateway) => gateway === name) ?? null
}

/** What the environment teaches. Throws an Error that names the variable and says what it takes. */
function readTaught(env: Readonly<Record<string, string | undefined>>): readonly TaughtCode[] {
  const read = (name: 'COOKIEPAY_AMBIGUOUS_CODES' | 'COOKIEPAY_DECLINED_CODES') => {
    const path = env[`${name}_FILE`]
    const value = path ? readFileSync(path, 'utf8').trim() : env[name]
    if (!value) return []
    const { parse, takes } = VARIABLES[name]
    const codes = parse(value, () => undefined)
    if (codes === undefined) throw new Error(`${name} takes ${takes}.`)
    return codes
  }
  return taughtCodes({
    ambiguousCodes: read('COOKIEPAY_AMBIGUOUS_CODES'),
    declinedCodes: read('COOKIEPAY_DECLINED_CODES'),
  })
}

/** `path` undefined: standard input. `pg`: whose words they are, where no column says so. */
type Asked = Readonly<{ path: string | undefined; pg: string }>

function readAsked(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { pg: { type: 'string' } },
    allowPositionals: true,
  })
  if (values.pg !== undefined && gatewayNamed(values.pg) === null) {
    throw new Error(`--pg takes one of ${PAYMENT_GATEWAYS.join(', ')}.`)
  }
  if (positionals.length > 1) throw new Error('Give one file, or none to read standard input.')
  return { path: positionals[0], pg: values.pg ?? '' }
}

await runCommand({
  usage: USAGE,
  read: readAsked,
  async run({ path, pg }, print) {
    const input = path === undefined ? await text(process.stdin) : readFileSync(path, 'utf8')
    print(classifyLines(input, pg, readTaught(process.env)).join('\n'))
    return true
  },
})
