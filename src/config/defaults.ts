import type { PaymentGateway } from '../refunds/payment.ts'

/** No secret at all, and so refused where anybody but this machine could reach the service. */
export const DEVELOPMENT_STORE_SECRET = Buffer.from('for development only, not secret')

/** The total for one call, as in the provider's samples (docs/provider.md, Cancel call). */
export const DEFAULT_TIMEOUT_MS = 20_000

/** EasyPay (KICC) advises 30 s for a cancel (docs/provider.md, Payment gateways). */
export const DEFAULT_TIMEOUTS_MS: Readonly<Partial<Record<PaymentGateway, number>>> = { easypay: 35_000 }

/** Toss answers only the first of two cancels of one payment within a second (docs/provider.md, Payment gateways). */
export const DEFAULT_SPACINGS_MS: Readonly<Partial<Record<PaymentGateway, number>>> = { toss: 1_100 }

/** The provider's sandbox, for a gateway that only this machine can reach; elsewhere it must be said. */
export const SANDBOX_BASE_URL = 'https://sandbox.cookiepayments.com'

/** The mark of a private Redis, beside its data. */
export const MARK_FILE_NAME = 'store-mark.json'
