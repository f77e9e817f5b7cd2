import type { IncomingHttpHeaders } from 'node:http'

/** Plain segments, and none that is `.` or `..`: no other host, no query. */
const PREFIX = /^(?:\/[\w~-][\w.~-]*)+$/

/**
 * The path below which a reverse proxy shows this service, as it says in `X-Forwarded-Prefix`; several proxies each add
 * theirs, the outermost first. Empty where none is said. Not trusted: whoever sends it is answered with it, nobody else.
 */
export function pathPrefixOf(headers: IncomingHttpHeaders): string {
  const header = headers['x-forwarded-prefix']
  if (typeof header !== 'string') return ''
  const prefix = header
    .split(',')
    .map((part) => part.trim().replace(/\/$/, ''))
    .join('')
  return prefix.length <= 200 && PREFIX.test(prefix) ? prefix : ''
}
