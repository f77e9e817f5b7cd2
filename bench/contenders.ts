import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type NodeBinary, OWN_NODE } from './node-binary.ts'
import { API_KEY } from './requests.ts'
import type { Kind } from './results.ts'

export const ROOT = fileURLToPath(new URL('../', import.meta.url))
export const BENCH = fileURLToPath(new URL('./', import.meta.url))

/** What is measured: the gateway, or a server to compare it with. */
export type Contender = Readonly<{
  name: string
  /** What it is, in a few words. */
  says: string
  usesRedis: boolean
  /** What it can be asked for: `redis2` makes no refunds, and only some know what they were asked before. */
  kinds: readonly Kind[]
  command: readonly string[]
}>

export const GATEWAY_SAYS = 'this service, everything on'

/** How the gateway is run: by which Node.js, with which arguments. */
export type NodeOptions = Readonly<{ node?: NodeBinary; nodeArguments?: readonly string[] }>

/** A build of the gateway, run as `npm start` does it. */
export function gatewayOf(
  name: string,
  directory: string,
  { node = OWN_NODE, nodeArguments = [] }: NodeOptions = {},
): Contender {
  return {
    name,
    says: GATEWAY_SAYS,
    kinds: ['new', 'replay'],
    usesRedis: true,
    command: [
      ...['env', `NODE_COMPILE_CACHE=${join(directory, 'compile-cache')}`],
      ...[node.path, '--enable-source-maps', '--heap-growing-percent=120', ...nodeArguments],
      join(directory, 'server.js'),
    ],
  }
}

/** The servers of bench/servers/. */
export function referencesOn(node: NodeBinary): readonly Contender[] {
  const reference = referenceOn(node)
  return [
    reference('bare', 'Fastify and undici, one relay, no Redis', ['new'], false),
    reference('direct', 'the same, with a token call for each refund', ['new'], false),
    reference('redis3', 'bare with three round trips to Redis', ['new', 'replay'], true),
    reference('node-idempotency', 'bare behind @node-idempotency/core', ['new', 'replay'], true),
    reference(
      'express-idempotency',
      'Express and undici behind express-idempotency',
      ['new', 'replay'],
      true,
    ),
    reference('redis2', 'a Fastify route with two reads of Redis', ['replay'], true),
  ]
}

function referenceOn({ path }: NodeBinary) {
  return (name: string, says: string, kinds: readonly Kind[], usesRedis: boolean): Contender => ({
    name,
    says,
    kinds,
    usesRedis,
    command: [path, join(BENCH, 'dist/servers', `${name}.js`)],
  })
}

/** Durable peers: what an engineer would reach for today. Each needs a store of its own (stores/). */
export const DURABLE_PEERS: readonly Contender[] = [
  ['postgres3', 'Fastify and PostgreSQL with three transactions'] as const,
  ['restate', 'a Fastify route before Restate, a durable engine, with its defaults'] as const,
].map(([name, says]) => referenceOn(OWN_NODE)(name, says, ['new', 'replay'], false))

export type Surroundings = Readonly<{ redisUrl: string; providerUrl: string; durable: boolean }>

/** The environment of any of them. */
export function environmentOf({ redisUrl, providerUrl, durable }: Surroundings): Record<string, string> {
  return {
    NODE_ENV: 'production',
    REDIS_URL: redisUrl,
    PROVIDER_URL: providerUrl,
    ...gatewayEnvironment(providerUrl, durable),
  }
}

/** Everything on, as in production; only the rate limit is too high to refuse. */
function gatewayEnvironment(providerUrl: string, durable: boolean): Record<string, string> {
  const callers = ['other-caller-key-1', 'other-caller-key-2', API_KEY]
  return {
    PORT: '0',
    LOG_LEVEL: 'info',
    REDIS_DURABILITY: durable ? 'strict' : 'relaxed',
    COOKIEPAY_BASE_URL: providerUrl,
    COOKIEPAY_ID: 'shop',
    COOKIEPAY_KEY: 'shop-key',
    COOKIEPAY_PG: 'toss',
    API_KEYS: callers.map((key, index) => `caller-${index}:${sha256(key)}:create+read+resolve`).join(','),
    STORE_SECRETS: Buffer.alloc(32, 'bench').toString('base64'),
    RATE_LIMIT_MAX: '1000000000',
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
