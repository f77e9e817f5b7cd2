import spectral, { type RulesetDefinition } from '@stoplight/spectral-core'
import owaspModule from '@stoplight/spectral-owasp-ruleset'
import { oas } from '@stoplight/spectral-rulesets'

/** The module is its ruleset, other than its types say. */
const owasp = owaspModule as unknown as { rules: Record<string, object> }

const STRINGS_OF_REQUESTS = ['parameters', 'requestBody'].map(
  (part) => `$.paths[*][*].${part}..[?(@ && @.type && (@.type === 'string' || @.type.includes('string')))]`,
)

/** What the document is called while it is linted; the overrides are of any name. */
export const DOCUMENT = '/openapi.json'

/** Every rule of OpenAPI and OWASP is on, also those that are not recommended; each that is off says why. */
const definition = {
  extends: [
    [oas, 'all'],
    [owasp, 'all'],
  ],
  rules: {
    // Whom to ask is each company's own; it is not for a document that every deployment serves.
    'info-contact': 'off',
    // The gateway is not licensed to the public (package.json: UNLICENSED): there is no text to lead to.
    'license-url': 'off',
    // Their order is that of the page: what callers need first.
    'openapi-tags-alphabetical': 'off',
    // No web page may call the gateway: the missing header is what says so.
    'owasp:api8:2023-define-cors-origin': 'off',
    // Of requests only. An answer repeats what was let in by these limits, or what the provider sent, as received:
    // a limit or pattern there would be checked by nobody, and a client that believes it would break on money.
    'owasp:api4:2023-string-limit': ofRequests('owasp:api4:2023-string-limit'),
    'owasp:api4:2023-string-restricted': ofRequests('owasp:api4:2023-string-restricted'),
  },
  overrides: [
    {
      files: [
        '**#/paths/~1cookiepay~1notifications~1{secret}',
        '**#/paths/~1cookiepay~1notifications~1%7Bsecret%7D',
        '**#/components/schemas/NotificationRequest',
      ],
      rules: {
        // CookiePay's servers hold no key and send what they like: the path is the one place for a secret, a wrong one is
        // not found, and what comes is read and not held to a schema.
        'owasp:api2:2023-write-restricted': 'off',
        'owasp:api2:2023-no-credentials-in-url': 'off',
        'owasp:api4:2023-string-limit': 'off',
        'owasp:api4:2023-string-restricted': 'off',
        'owasp:api8:2023-define-error-responses-401': 'off',
        // They read no headers.
        'owasp:api4:2023-rate-limit': 'off',
      },
    },
    ...probes(),
  ],
}

function probes() {
  return ['healthz', 'readyz', 'metrics'].map((path) => ({
    files: [`**#/paths/~1${path}`],
    rules: {
      // Probes and scrapers hold no key and send nothing that could be invalid; docs/security.md has the network
      // keep callers from them. They are not counted either: a probe that is limited ends a healthy process.
      'owasp:api2:2023-read-restricted': 'off',
      'owasp:api8:2023-define-error-responses-401': 'off',
      'owasp:api8:2023-define-error-validation': 'off',
      'owasp:api4:2023-rate-limit': 'off',
      'owasp:api4:2023-rate-limit-responses-429': 'off',
      // They answer from memory; their operations port has no schema of problems.
      'owasp:api8:2023-define-error-responses-500': 'off',
    },
  }))
}

function ofRequests(name: string) {
  return {
    ...owasp.rules[name],
    given: STRINGS_OF_REQUESTS,
  }
}

export const ruleset = new spectral.Ruleset(definition as unknown as RulesetDefinition, {
  // Overrides are looked up beside the file of the rules.
  source: '/openapi-ruleset.ts',
})
