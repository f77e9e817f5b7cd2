import { isIP } from 'node:net'
import { isEventType } from '../refunds/event-types.ts'
import { addressKind } from './address-kind.ts'
import { CALLER_PATTERN, type EventEndpoint } from './config.ts'
import { isLoopback } from './loopback.ts'
import { HIDDEN } from './mistakes.ts'
import { type Parse, parseJson, type Refuse, repeated } from './parsers.ts'

/** What an endpoint can be called. */
const NAME = /^[a-z0-9_-]{1,30}$/

/** More would be a mistake: each reads the journal for itself. */
const MOST_ENDPOINTS = 20
const MOST_CALLERS = 100
const LONGEST_URL = 1_000

/** By the Standard Webhooks specification, in bytes. */
const SHORTEST_SECRET = 24
const LONGEST_SECRET = 64

export const EVENT_ENDPOINTS_TAKE = `a JSON array [{"name", "url", "secret", "events", "callers"}] of at most ${MOST_ENDPOINTS}, names of 1 to 30 of a-z, 0-9, _ and -, each once; an https: address without credentials, or an http: one of a loopback host; whsec_ and base64 of ${SHORTEST_SECRET} to ${LONGEST_SECRET} bytes; "events" and "callers" optional`

/** Each mistake of each endpoint is turned down by itself. Nothing of a URL or a secret is shown. */
export const parseEventEndpoints: Parse<readonly EventEndpoint[]> = (text, refuse) => {
  const entries = parseJson(text)
  if (!Array.isArray(entries) || entries.length > MOST_ENDPOINTS) {
    return refuse(`${HIDDEN} that is not a JSON array of at most ${MOST_ENDPOINTS}`)
  }
  const parsed = entries.map((entry, index) =>
    parseEndpoint(entry, (got) =>
      refuse(`${HIDDEN} whose endpoint ${index + 1} of ${entries.length} ${got}`),
    ),
  )
  const endpoints = parsed.filter((endpoint) => endpoint !== undefined)
  if (endpoints.length < parsed.length) return undefined
  const twice = repeated(endpoints.map(({ name }) => name))
  return twice === undefined ? endpoints : refuse(`${HIDDEN} with the same name in endpoints ${twice}`)
}

function parseEndpoint(entry: unknown, refuse: Refuse): EventEndpoint | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return refuse('is not an object')
  const { name, url, secret, events, callers, ...others }: Record<string, unknown> = { ...entry }
  const wrong = [
    ...(typeof name === 'string' && NAME.test(name) ? [] : ['name']),
    ...(isEndpointUrl(url) ? [] : ['url']),
    ...(isEventSecret(secret) ? [] : ['secret']),
    ...(events === undefined || isListOf(events, isEventType, 6) ? [] : ['events']),
    ...(callers === undefined || isListOf(callers, isCaller, MOST_CALLERS) ? [] : ['callers']),
  ]
  for (const member of wrong) refuse(`has no valid ${member}`)
  if (Object.keys(others).length > 0) {
    return refuse('has members other than name, url, secret, events and callers')
  }
  if (wrong.length > 0) return undefined
  const stated = { name, url, secret, events: events ?? null, callers: callers ?? null }
  return stated as EventEndpoint
}

/** `https:` to anywhere but where no endpoint is; `http:` to this machine alone. */
function isEndpointUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > LONGEST_URL || /[\s#]/.test(value)) return false
  if (!URL.canParse(value)) return false
  const { protocol, hostname, username, password, port } = new URL(value)
  if (username !== '' || password !== '' || port === '0') return false
  const host = hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'http:') return isLoopback(host)
  return protocol === 'https:' && (isIP(host) === 0 || addressKind(host) !== 'forbidden')
}

function isEventSecret(value: unknown): value is string {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(String(value)) ?? []
  if (typeof value !== 'string' || text === undefined) return false
  const secret = Buffer.from(text, 'base64')
  // Node skips what is not base64; only what encodes back to the same text was written as meant.
  if (secret.toString('base64') !== text) return false
  return secret.length >= SHORTEST_SECRET && secret.length <= LONGEST_SECRET
}

const isCaller = (value: unknown): value is string => typeof value === 'string' && CALLER_PATTERN.test(value)

/** An empty list would be an endpoint that gets nothing, which nobody means. */
function isListOf<Entry>(value: unknown, isEntry: (entry: unknown) => entry is Entry, most: number): boolean {
  return Array.isArray(value) && value.length > 0 && value.length <= most && value.every(isEntry)
}
