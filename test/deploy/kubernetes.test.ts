import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { longestTimeoutMs } from '../../src/config/config.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { VARIABLES } from '../../src/config/variables.ts'
import { longestCloseMs } from '../../src/process/closing.ts'
import { startAll } from '../support/gateway.ts'

const ROOT = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

type Labels = Readonly<Record<string, string>>
type Probe = Readonly<{ httpGet: { path: string; port: string } }>
type Container = Readonly<{
  image: string
  env: readonly { name: string; value: string }[]
  ports: readonly { name: string; containerPort: number }[]
  volumeMounts: readonly { name: string; mountPath: string; readOnly?: boolean }[]
  securityContext: unknown
  startupProbe: Probe
  livenessProbe: Probe
  readinessProbe: Probe
  lifecycle: { preStop: { sleep: { seconds: number } } }
  resources: { requests: Labels; limits: Labels }
}>
type PodSpec = Readonly<{
  terminationGracePeriodSeconds: number
  automountServiceAccountToken: boolean
  securityContext: unknown
  topologySpreadConstraints: readonly { topologyKey: string; labelSelector: { matchLabels: Labels } }[]
  containers: readonly Container[]
  volumes: readonly { name: string; secret?: { secretName: string } }[]
}>
type Manifest = Readonly<{ kind: string; metadata: { name: string }; spec: Record<string, unknown> }>

const documents = parseAllDocuments(read('deploy/kubernetes/refund-gateway.yaml'))
const manifests = documents.map((document) => document.toJS() as Manifest)
const manifest = (kind: string) => manifests.find((found) => found.kind === kind) as Manifest

const template = manifest('Deployment').spec.template as { metadata: { labels: Labels }; spec: PodSpec }
const pod = template.spec
const container = pod.containers[0] as Container
const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))

t.test('everything that a deployment needs is there, and can be read', async (t) => {
  t.strictSame(
    documents.flatMap(({ errors }) => errors),
    [],
  )
  t.strictSame(manifests.map(({ kind }) => kind).sort(), [
    'Deployment',
    'HorizontalPodAutoscaler',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
  ])
  const { labels } = template.metadata
  const selects = (selector: unknown) => t.match(labels, selector as Labels)
  selects((manifest('Deployment').spec.selector as { matchLabels: Labels }).matchLabels)
  selects(manifest('Service').spec.selector)
  selects((manifest('PodDisruptionBudget').spec.selector as { matchLabels: Labels }).matchLabels)
  selects((manifest('NetworkPolicy').spec.podSelector as { matchLabels: Labels }).matchLabels)
  for (const { labelSelector } of pod.topologySpreadConstraints) selects(labelSelector.matchLabels)
  const { scaleTargetRef, minReplicas } = manifest('HorizontalPodAutoscaler').spec
  t.match(scaleTargetRef, { kind: 'Deployment', name: manifest('Deployment').metadata.name })
  const { maxUnavailable } = manifest('PodDisruptionBudget').spec
  t.ok((maxUnavailable as number) < (minReplicas as number), 'some stay while others go')
})

t.test('the environment is one that the gateway takes', async (t) => {
  for (const name of Object.keys(env)) {
    const isFile = name.endsWith('_FILE') && name.slice(0, -'_FILE'.length) in VARIABLES
    t.ok(name in VARIABLES || isFile, name)
  }
  const mount = container.volumeMounts.find(({ name }) => name === 'secrets')
  t.equal(mount?.readOnly, true)
  const dir = t.testdir({
    'accounts.json': JSON.stringify([{ name: 'shop', id: 'shop', key: 'shop-key', pg: 'toss' }]),
    REDIS_URL: 'redis://:password@redis:6379\n',
    API_KEYS: `shop:${'0'.repeat(64)}:create+read`,
    STORE_SECRETS: Buffer.alloc(32, 1).toString('base64'),
  })
  const mounted = Object.entries(env).map(([name, value]) => [
    name,
    value.replace(mount?.mountPath ?? '', dir),
  ])
  const config = readConfig(Object.fromEntries(mounted))
  t.match(config, { host: '0.0.0.0', port: 3000, redis: { kind: 'url' }, redisDurability: 'strict' })
  t.equal(config.port, container.ports[0]?.containerPort)
})

t.test('what is secret is a file, never a variable', async (t) => {
  for (const [name, variable] of Object.entries(VARIABLES)) {
    if ('isSecret' in variable || 'isPath' in variable) t.ok(!(name in env) || 'isPath' in variable, name)
  }
  t.notMatch(JSON.stringify(container), /secretKeyRef/)
  t.ok(pod.volumes.some(({ secret }) => secret?.secretName === 'refund-gateway'))
})

t.test('a pod may do no more than it must', async (t) => {
  t.match(pod.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  t.strictSame(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  t.equal(pod.automountServiceAccountToken, false)
  t.ok(container.resources.limits.memory, 'memory is limited')
  const { policyTypes, egress } = manifest('NetworkPolicy').spec as {
    policyTypes: string[]
    egress: { ports: { port: number }[] }[]
  }
  t.strictSame(policyTypes, ['Ingress', 'Egress'])
  const ports = egress.flatMap(({ ports }) => ports.map(({ port }) => port))
  t.strictSame([...new Set(ports)].sort(), [443, 53, 6379], 'DNS, Redis and CookiePay')
})

t.test('a gateway that ends is given the time that it takes', async (t) => {
  const { accounts } = readConfig({ COOKIEPAY_ID: 'shop', COOKIEPAY_KEY: 'key', COOKIEPAY_PG: 'toss' })
  const defaultMs = longestTimeoutMs(accounts)
  const timeoutMs = Number(env.COOKIEPAY_TIMEOUT_MS ?? defaultMs)
  const preStopMs = container.lifecycle.preStop.sleep.seconds * 1000
  const graceMs = pod.terminationGracePeriodSeconds * 1000
  t.ok(graceMs >= preStopMs + longestCloseMs(timeoutMs), `Kubernetes: ${graceMs} ms`)

  const compose = parse(read('docker-compose.yml')) as {
    services: { gateway: { stop_grace_period: string } }
  }
  const [, seconds] = /^(\d+)s$/.exec(compose.services.gateway.stop_grace_period) ?? []
  t.ok(Number(seconds) * 1000 >= longestCloseMs(defaultMs), `docker compose: ${seconds} s`)
})

t.test('the probes ask what the gateway answers', async (t) => {
  const { request } = await startAll(t)
  const { startupProbe, livenessProbe, readinessProbe } = container
  for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
    t.equal((await request(httpGet.path)).status, 200, httpGet.path)
    t.ok(container.ports.some(({ name }) => name === httpGet.port))
  }
  t.equal(livenessProbe.httpGet.path, '/healthz', 'alive, whatever Redis does')
  t.equal(readinessProbe.httpGet.path, '/readyz')
})
