import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const run = promisify(execFile)

/** A certificate with its key, as files and as texts. */
export type Certificate = Readonly<{ certFile: string; keyFile: string; cert: string; key: string }>

export type Authority = Certificate &
  Readonly<{
    /** Signs a certificate of this name, with these as its DNS names; none: the common name alone. */
    issue(name: string, dnsNames?: readonly string[]): Promise<Certificate>
    /** The same for names alone, as managed services have them: no address is in it. */
    issueForNames(dnsNames: readonly string[]): Promise<Certificate>
  }>

/** A throw-away authority of a test's own, made with openssl; gone with the test. */
export async function createAuthority(t: Test, name = 'test authority'): Promise<Authority> {
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-tls-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  let count = 0

  async function create(subject: string, args: (file: string) => Promise<string[]>): Promise<Certificate> {
    count += 1
    const file = join(directory, `certificate-${count}`)
    const [certFile, keyFile] = [`${file}.crt`, `${file}.key`]
    await run('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', `/CN=${subject}`, '-out', certFile, '-keyout', keyFile],
      ...(await args(file)),
    ])
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
    return { certFile, keyFile, cert, key }
  }

  const authority = await create(name, async () => [])

  /** `names`: its subjectAltName. */
  const sign = (subject: string, names: readonly string[]) =>
    create(subject, async (file) => {
      const config = `${file}.cnf`
      await writeFile(
        config,
        `[req]\ndistinguished_name=dn\n[dn]\n[leaf]\nbasicConstraints=CA:FALSE\nsubjectAltName=${names.join()}\n`,
      )
      const signer = ['-CA', authority.certFile, '-CAkey', authority.keyFile]
      return [...signer, '-config', config, '-extensions', 'leaf']
    })
  const dns = (names: readonly string[]) => names.map((name) => `DNS:${name}`)

  return {
    ...authority,
    issue: (subject, dnsNames = []) => sign(subject, ['IP:127.0.0.1', ...dns(dnsNames)]),
    issueForNames: (dnsNames) => sign(dnsNames[0] as string, dns(dnsNames)),
  }
}
