/** What ioredis says of every command while there is no connection: what the connection failed of says more. */
const NO_CONNECTION =
  /^(Stream isn't writeable|Connection is closed|Cluster isn't ready|Cluster is|None of startup nodes|Failed to refresh slots|Reached the max retries|Command aborted)/

/** A reply repeats what it did not understand, and that may be a login; what comes before says what it is. */
const REPEATED_COMMAND = /,? (with args beginning with|otherwise the HELLO).*$/s

const LONGEST_CAUSE = 160

/** What an operator may do about what Redis, TLS or the network says. The first that fits counts. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/WRONGPASS/, 'REDIS_URL has a wrong user name or password'],
  [/NOAUTH/, 'it asks for a password, which REDIS_URL does not have'],
  [/NOPERM/, 'its user may not do what the gateway does; docs/security.md has the rule'],
  [/LOADING/, 'it loads its data, and takes commands after that'],
  [/READONLY/, 'it is a replica'],
  [/ENOTFOUND|EAI_AGAIN/, 'its host name is not known to DNS'],
  [/Command timed out/, 'it does not answer'],
  [/ECONNREFUSED|ENOENT/, 'nothing listens there'],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    'no answer; look at the network, and whether that port speaks TLS as REDIS_URL says',
  ],
  [/ECONNRESET|EPIPE/, 'it closes the connection; a port that speaks TLS needs rediss://'],
  [
    /wrong version number|packet length too long/i,
    'it does not speak TLS there: use redis:// or its TLS port',
  ],
  [
    /got "\\u0015"|Protocol error/,
    'it does not speak the protocol of Redis there; a TLS port needs rediss://',
  ],
  [/altname|does not match certificate/i, 'its certificate is for another name'],
  [
    /certificate|issuer|self.signed/i,
    'its certificate cannot be verified: NODE_EXTRA_CA_CERTS names its authority',
  ],
]

/** As ioredis says it. */
export function noConnection(): Error {
  return new Error('Connection is closed.')
}

/** Whether an error says no more than that there is no connection. */
export function isNoConnection(error: Error): boolean {
  return NO_CONNECTION.test(messageOf(error))
}

/** Why Redis cannot be used, in words for an operator: on one line, cut short, and without anything of a login. */
export function causeOf(error: Error): string {
  const words = messageOf(error).replace(REPEATED_COMMAND, '').replace(/\s+/g, ' ').trim()
  const said = words.length > LONGEST_CAUSE ? `${words.slice(0, LONGEST_CAUSE)}...` : words
  const advice = ADVICE.find(([pattern]) => pattern.test(said))?.[1]
  return advice === undefined ? said : `${said.replace(/\.+$/, '')}: ${advice}`
}

/** A name with several addresses has an error for each of them, and the whole has no words. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((each: Error) => each.message).join(', ')
  }
  // What a Cluster's client says of itself holds what its last server said.
  const { lastNodeError } = error as { lastNodeError?: Error }
  return lastNodeError === undefined ? error.message : messageOf(lastNodeError)
}
