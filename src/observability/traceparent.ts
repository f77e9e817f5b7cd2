/** version-traceid-parentid-flags in lower case; a later version than 00 may have more after that. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})(-.*)?$/
const ALL_ZERO = /^0{32}-|-0{16}-/

/**
 * The trace context that a request came with (W3C Trace Context), or undefined where it has none that is
 * valid. It is in the form of version 00, which is safe to log and to send on.
 */
export function readTraceparent(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined
  const [, version, context, more] = TRACEPARENT.exec(header) ?? []
  if (context === undefined || ALL_ZERO.test(context)) return undefined
  return version === '00' && more !== undefined ? undefined : `00-${context}`
}

/** The trace's id, by which a tracing system finds it. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent?.slice(3, 35)
}
