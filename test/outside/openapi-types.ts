// Made by npm run openapi.

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process is alive
         * @description For a liveness probe: it asks neither Redis nor the provider.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether refunds are taken
         * @description For a readiness probe: whether Redis is there and durable enough, part by part.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics as Prometheus text
         * @description For a scraper; the runbook says which ones matter.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cookiepay/notifications/{secret}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a notification of CookiePay
         * @description For CookiePay's servers alone: the address is registered in its console, and its last part is a secret (NOTIFICATION_SECRETS). A cancel is kept with its payment, and settles an unknown refund where it can mean no other. It never leads to a call that moves money.
         */
        post: operations["receiveNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the refunds of a payment, of a span of time, or the unsettled ones of all
         * @description Give a tid; or from, for the refunds of all payments by the time of their last change; or else a status of `unknown`, `processing` or `awaiting_deposit`. With a tid, refunds of other callers are cut down without the scope `read_all`; without one, they are left out.
         */
        get: operations["listRefunds"];
        put?: never;
        /**
         * Refund a payment
         * @description Moves money at most once for each Idempotency-Key: every repeat of the same request is answered with the same refund. On any other answer than 201 look at `retry`.
         */
        post: operations["createRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/refunds/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask what a refund would be answered
         * @description Decides as `POST /refunds` would now, about a request of this body with a key of its own. Writes nothing and moves no money. Between this answer and the refund the payment may change: only `POST /refunds` reserves.
         */
        post: operations["checkRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/refunds/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a refund
         * @description By its id, for as long as its idempotency key replays; afterwards list it by its tid. One that another caller asked for is not found without the scope `read_all`.
         */
        get: operations["getRefund"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/refunds/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read everything that happened to a refund
         * @description Its intent, its outcome and what lay between, for as long as the refund itself can be read.
         */
        get: operations["listRefundEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/refunds/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Settle by hand a refund that is unknown, disputed or awaits a deposit
         * @description For a person who has seen at the provider what became of it, other than who asked for it. It can be called failed only a while (`RESOLVE_FAILED_AFTER_MS`) after it became unknown or its deposit was asked for. Who, when and why is kept on the refund.
         */
        post: operations["resolveRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/refunds/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the refunds of a span of time
         * @description The refunds of `GET /refunds?from=`, whole and in one answer, which is streamed. It is whole only where the answer ends properly: one that fails on the way is broken off. In CSV, an apostrophe goes before a cell that a spreadsheet would run as a formula; `ndjson` has each refund as it is. At most three exports and reports are made at a time.
         */
        get: operations["exportRefunds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/reports/daily": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sum up the refunds of a day
         * @description For closing a day: each refund whose state changed last on that day, once, and what a person has to look at. A refund that is unknown moves to the day on which it is settled. At most three exports and reports are made at a time.
         */
        get: operations["getDailyReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/refunds/{id}/deposit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for the account that a refund needs a deposit in
         * @description For a refund of a Kiwoompay account that failed as `deposit_required`, by a person other than who asked for it. The provider is asked once; whatever it answers is in `deposit.answer`. Pay the amount into that account until `deposit.expires_at`, and the refund takes place. Until then it is `awaiting_deposit`, holds its amount, and is answered again. Afterwards another account can be asked for.
         */
        post: operations["requestDeposit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payments/{tid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the ledger of a payment
         * @description What was paid, what of it is refunded or may be, and what can still be refunded. Refunds of other callers are cut down without the scope `read_all`; the sums are of all.
         */
        get: operations["getPayment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send events to an endpoint again
         * @description Queues what happened in a span of time for an endpoint, as far as it asks for it, under the same `webhook-id`s as before. At most 10,000 events at once, out of what the journal still has.
         */
        post: operations["redeliverEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payments/{tid}/outside-refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Book what was refunded outside
         * @description For a person who has seen a cancel that was made elsewhere, in the provider's console for one: it takes its place of the payment, so that the gateway does not refund it again. Moves no money. A negative `amount` takes back what was booked.
         */
        post: operations["bookOutsideRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/callers/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read whom a key belongs to and what it may do
         * @description Any key may ask. It is answered from memory, also while the store cannot be reached.
         */
        get: operations["identifyCaller"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Account that a virtual account payment is paid back to */
        RefundAccount: {
            /**
             * @description The bank's code
             * @example 20
             */
            bank: string;
            /**
             * @description Account number. It is sent on, and kept only as its last four characters or fewer
             * @example 1002345678901
             */
            account_no: string;
            /**
             * @description Name of the account holder
             * @example 홍길동
             */
            account_name: string;
        };
        /** @description The provider's answer, as received */
        ProviderAnswer: {
            /**
             * @description The PG's id of the cancel
             * @example C20260101000001
             */
            cancel_tid: string | null;
            /**
             * @description `0000` is success
             * @example 0000
             */
            cancel_code: string | null;
            /**
             * @description The provider's message
             * @example 정상취소
             */
            cancel_msg: string | null;
            /**
             * @description When it was cancelled, in the format that the provider chose
             * @example 20260101103000
             */
            cancel_date: string | null;
            /**
             * @description What was cancelled; a number as its decimal text
             * @example 10000
             */
            cancel_amt: string | null;
        };
        /** @description Set when `failed` */
        Failure: {
            /**
             * @description The `code` of the problem that answers this key
             * @example provider_declined
             * @enum {string}
             */
            code: "provider_declined" | "already_cancelled" | "deposit_required";
            /**
             * @description What happened and what to do
             * @example The provider declined the refund with code 1001: 취소 불가 거래입니다
             */
            detail: string;
        };
        /** @description Set when it was `unknown`, `awaiting_deposit` or disputed and has been settled since */
        Resolution: {
            /**
             * @description Who settled it: the provider's lookup, its late answer, its notification, or a person
             * @example lookup
             * @enum {string}
             */
            source: "lookup" | "provider" | "notification" | "operator";
            /**
             * @description The caller whose key resolved it, for `operator`
             * @example finance
             */
            by: string | null;
            /**
             * @description What the operator wrote
             * @example Seen as cancelled in the CookiePay console
             */
            note: string | null;
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:00.000Z
             */
            at: string;
        };
        /** @description Set once the account for a deposit was asked for */
        Deposit: {
            /**
             * @description ISO 8601: when the account to pay into was asked for
             * @example 2026-01-01T01:31:00.000Z
             */
            requested_at: string;
            /**
             * @description ISO 8601 with offset: until when the deposit can be paid, the end of that day in Korea
             * @example 2026-01-01T23:59:59+09:00
             */
            expires_at: string;
            /**
             * @description The provider's whole answer as received, whatever its form; null where it was lost
             * @example {"RESULTCODE":"0000"}
             */
            answer: string | null;
        };
        /** @description A refund */
        Refund: {
            /**
             * @description Derived from the caller and its idempotency key
             * @example rf_D20N6F0CBDSWY6WVZ8RC1FRXZG
             */
            id: string;
            /**
             * @description `processing`: the provider is being called. `unknown`: it was called and the outcome is not known. `awaiting_deposit`: it takes place once a deposit is paid
             * @example succeeded
             * @enum {string}
             */
            status: "processing" | "succeeded" | "failed" | "unknown" | "awaiting_deposit";
            /**
             * @description Name of the CookiePay account
             * @example default
             */
            account: string;
            /**
             * @description The PG transaction id of the payment
             * @example order1042-10000
             */
            tid: string;
            /**
             * @description `full`: everything that was paid, in one refund. `partial`: a part of it, or what earlier refunds have left
             * @example full
             * @enum {string}
             */
            kind: "full" | "partial";
            /**
             * Format: int64
             * @description Integer of KRW
             * @example 10000
             */
            amount: number;
            /**
             * @description Integer of KRW, as requested
             * @example null
             */
            tax_free_amount: number | null;
            /**
             * @description As requested
             * @example 고객 변심
             */
            reason: string;
            /**
             * @description As requested
             * @example order-1042-line-1
             */
            reference: string | null;
            /** @description As requested, the account number masked to its last four characters, and never more than half of it shown */
            refund_account: components["schemas"]["RefundAccount"] | null;
            /** @description The provider's answer, as received */
            provider: components["schemas"]["ProviderAnswer"] | null;
            /**
             * @description ISO 8601 with offset, where `cancel_date` can be read
             * @example 2026-01-01T10:30:00+09:00
             */
            refunded_at: string | null;
            /** @description Set when `failed` */
            failure: components["schemas"]["Failure"] | null;
            /** @description Set when it was `unknown`, `awaiting_deposit` or disputed and has been settled since */
            resolution: components["schemas"]["Resolution"] | null;
            /** @description Set once the account for a deposit was asked for */
            deposit: components["schemas"]["Deposit"] | null;
            /**
             * @description It had failed, and a later answer says that it was made: its amount counts as refunded until a person resolves it
             * @example true
             */
            disputed?: boolean;
            /**
             * @description The caller
             * @example orders
             */
            requested_by: string;
            /**
             * @description Kept and returned, never sent on
             * @example {
             *       "order": "A-1042"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:00.000Z
             */
            created_at: string;
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:00.412Z
             */
            updated_at: string;
            /**
             * @description Only with 202. Always `same_key`
             * @example same_key
             * @enum {string}
             */
            retry?: "same_key" | "fix_request" | "new_key" | "after_resolution" | "never";
        };
        /** @description A refund. One that another caller asked for has, without the scope `read_all`, only `id`, `status`, `kind`, `amount` and `created_at`; any other has every member */
        SeenRefund: {
            /**
             * @description Derived from the caller and its idempotency key
             * @example rf_D20N6F0CBDSWY6WVZ8RC1FRXZG
             */
            id: string;
            /**
             * @description `processing`: the provider is being called. `unknown`: it was called and the outcome is not known. `awaiting_deposit`: it takes place once a deposit is paid
             * @example succeeded
             * @enum {string}
             */
            status: "processing" | "succeeded" | "failed" | "unknown" | "awaiting_deposit";
            /**
             * @description Name of the CookiePay account
             * @example default
             */
            account?: string;
            /**
             * @description The PG transaction id of the payment
             * @example order1042-10000
             */
            tid?: string;
            /**
             * @description `full`: everything that was paid, in one refund. `partial`: a part of it, or what earlier refunds have left
             * @example full
             * @enum {string}
             */
            kind: "full" | "partial";
            /**
             * Format: int64
             * @description Integer of KRW
             * @example 10000
             */
            amount: number;
            /**
             * @description Integer of KRW, as requested
             * @example null
             */
            tax_free_amount?: number | null;
            /**
             * @description As requested
             * @example 고객 변심
             */
            reason?: string;
            /**
             * @description As requested
             * @example order-1042-line-1
             */
            reference?: string | null;
            /** @description As requested, the account number masked to its last four characters, and never more than half of it shown */
            refund_account?: components["schemas"]["RefundAccount"] | null;
            /** @description The provider's answer, as received */
            provider?: components["schemas"]["ProviderAnswer"] | null;
            /**
             * @description ISO 8601 with offset, where `cancel_date` can be read
             * @example 2026-01-01T10:30:00+09:00
             */
            refunded_at?: string | null;
            /** @description Set when `failed` */
            failure?: components["schemas"]["Failure"] | null;
            /** @description Set when it was `unknown`, `awaiting_deposit` or disputed and has been settled since */
            resolution?: components["schemas"]["Resolution"] | null;
            /** @description Set once the account for a deposit was asked for */
            deposit?: components["schemas"]["Deposit"] | null;
            /**
             * @description It had failed, and a later answer says that it was made: its amount counts as refunded until a person resolves it
             * @example true
             */
            disputed?: boolean;
            /**
             * @description The caller
             * @example orders
             */
            requested_by?: string;
            /**
             * @description Kept and returned, never sent on
             * @example {
             *       "order": "A-1042"
             *     }
             */
            metadata?: {
                [key: string]: string;
            };
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:00.000Z
             */
            created_at: string;
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:00.412Z
             */
            updated_at?: string;
        };
        /** @description The provider was called and the outcome is not known yet */
        UnsettledRefund: {
            /**
             * @description Derived from the caller and its idempotency key
             * @example rf_D20N6F0CBDSWY6WVZ8RC1FRXZG
             */
            id: string;
            /**
             * @description `processing`: the provider is being called. `unknown`: it was called and the outcome is not known. `awaiting_deposit`: it takes place once a deposit is paid
             * @example succeeded
             * @enum {string}
             */
            status: "processing" | "succeeded" | "failed" | "unknown" | "awaiting_deposit";
            /**
             * @description Name of the CookiePay account
             * @example default
             */
            account: string;
            /**
             * @description The PG transaction id of the payment
             * @example order1042-10000
             */
            tid: string;
            /**
             * @description `full`: everything that was paid, in one refund. `partial`: a part of it, or what earlier refunds have left
             * @example full
             * @enum {string}
             */
            kind: "full" | "partial";
            /**
             * Format: int64
             * @description Integer of KRW
             * @example 10000
             */
            amount: number;
            /**
             * @description Integer of KRW, as requested
             * @example null
             */
            tax_free_amount: number | null;
            /**
             * @description As requested
             * @example 고객 변심
             */
            reason: string;
            /**
             * @description As requested
             * @example order-1042-line-1
             */
            reference: string | null;
            /** @description As requested, the account number masked to its last four characters, and never more than half of it shown */
            refund_account: components["schemas"]["RefundAccount"] | null;
            /** @description The provider's answer, as received */
            provider: components["schemas"]["ProviderAnswer"] | null;
            /**
             * @description ISO 8601 with offset, where `cancel_date` can be read
             * @example 2026-01-01T10:30:00+09:00
             */
            refunded_at: string | null;
            /** @description Set when `failed` */
            failure: components["schemas"]["Failure"] | null;
            /** @description Set when it was `unknown`, `awaiting_deposit` or disputed and has been settled since */
            resolution: components["schemas"]["Resolution"] | null;
            /** @description Set once the account for a deposit was asked for */
            deposit: components["schemas"]["Deposit"] | null;
            /**
             * @description It had failed, and a later answer says that it was made: its amount counts as refunded until a person resolves it
             * @example true
             */
            disputed?: boolean;
            /**
             * @description The caller
             * @example orders
             */
            requested_by: string;
            /**
             * @description Kept and returned, never sent on
             * @example {
             *       "order": "A-1042"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:00.000Z
             */
            created_at: string;
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:00.412Z
             */
            updated_at: string;
            /**
             * @description Always `same_key`
             * @example same_key
             * @enum {string}
             */
            retry: "same_key" | "fix_request" | "new_key" | "after_resolution" | "never";
        };
        /** @description A refund that would be sent to the provider now */
        CheckedRefund: {
            /**
             * @description Always true: what is not allowed is a problem
             * @example true
             */
            allowed: boolean;
            /**
             * @description Name of the CookiePay account
             * @example default
             */
            account: string;
            /**
             * @description As the refund would have it
             * @example partial
             * @enum {string}
             */
            kind: "full" | "partial";
            /**
             * Format: int64
             * @description Integer of KRW that would be refunded
             * @example 3000
             */
            amount: number;
            /**
             * @description Integer of KRW, as requested
             * @example null
             */
            tax_free_amount: number | null;
            /**
             * Format: int64
             * @description Integer of KRW that remains of the payment now
             * @example 10000
             */
            remaining: number;
            /**
             * Format: int64
             * @description Integer of KRW that would remain of it
             * @example 7000
             */
            remaining_after: number;
        };
        /** @description A page of refunds */
        RefundList: {
            /** @description Oldest first */
            data: components["schemas"]["SeenRefund"][];
            /**
             * @description Give it as `cursor` to get the next page; null: there is none
             * @example null
             */
            next_cursor: string | null;
        };
        /** @description What a person has booked as refunded outside, or taken back. One of another caller has, without the scope `read_all`, only `id`, `amount` and `at` */
        SeenOutsideRefund: {
            /**
             * @description Derived from the caller and its idempotency key
             * @example ob_D20N6F0CBDSWY6WVZ8RC1FRXZG
             */
            id: string;
            /**
             * Format: int64
             * @description Integer of KRW: what was refunded; negative to take back what was booked
             * @example 3000
             */
            amount: number;
            /**
             * @description Integer of KRW, as stated
             * @example null
             */
            tax_free_amount?: number | null;
            /**
             * @description As stated
             * @example 쿠키페이 콘솔에서 취소함
             */
            note?: string;
            /**
             * @description The caller that booked it
             * @example finance
             */
            by?: string;
            /**
             * @description ISO 8601
             * @example 2026-01-01T02:00:00.000Z
             */
            at: string;
        };
        /** @description A notification of the provider */
        PaymentNotification: {
            /**
             * @description As the provider names it; `deposit_cancel`: after a deposit was paid
             * @example cancel
             * @enum {string}
             */
            type: "cancel" | "deposit_cancel";
            /**
             * Format: int64
             * @description Integer of KRW: what was cancelled
             * @example 3000
             */
            amount: number;
            /**
             * @description When, as received
             * @example 20260101103000
             */
            date: string | null;
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:02.000Z
             */
            received_at: string;
            /**
             * @description `refund`: one of this gateway. `outside`: one that was booked. `ambiguous`: it may mean several. `none`: what was cancelled outside and is not booked
             * @example refund
             * @enum {string}
             */
            means: "refund" | "outside" | "ambiguous" | "none";
            /**
             * @description With `refund`: its id
             * @example null
             */
            refund: string | null;
        };
        /** @description What has been done with a payment */
        PaymentLedger: {
            /**
             * @description Name of the configured CookiePay account; optional when there is only one
             * @example default
             */
            account: string;
            /**
             * @description The PG transaction id of the payment
             * @example order1042-10000
             */
            tid: string;
            /**
             * @description How it was paid; null where no refund of it was ever asked for here
             * @example card_auth
             */
            method: ("card_auth" | "card_keyin" | "card_billing" | "easy_pay" | "bank_transfer" | "virtual_account" | "mobile") | null;
            /**
             * @description Integer of KRW: what was paid; null where no refund of it was ever asked for here
             * @example 10000
             */
            amount: number | null;
            /**
             * @description Integer of KRW: the tax-free part of what was paid, where it is known
             * @example null
             */
            tax_free_amount: number | null;
            /**
             * Format: int64
             * @description Integer of KRW: what was refunded
             * @example 3000
             */
            refunded: number;
            /**
             * Format: int64
             * @description Integer of KRW: what is being refunded now
             * @example 0
             */
            in_flight: number;
            /**
             * Format: int64
             * @description Integer of KRW: refunds whose outcome is not known
             * @example 0
             */
            unknown: number;
            /**
             * Format: int64
             * @description Integer of KRW: refunds that take place once a deposit is paid
             * @example 0
             */
            awaiting_deposit: number;
            /**
             * Format: int64
             * @description Integer of KRW: refunds that have failed, and that a later answer says were made
             * @example 0
             */
            disputed: number;
            /**
             * Format: int64
             * @description Integer of KRW: what was refunded outside of this gateway, as a person has booked it
             * @example 0
             */
            outside: number;
            /**
             * @description Integer of KRW: what can still be refunded; null where `amount` is
             * @example 7000
             */
            remaining: number | null;
            /** @description The first 100, oldest first */
            refunds: components["schemas"]["SeenRefund"][];
            /**
             * @description Give it as `cursor` to get the next page; null: there is none
             * @example null
             */
            next_cursor: string | null;
            /** @description What was booked as refunded outside of this gateway, oldest first */
            outside_refunds: components["schemas"]["SeenOutsideRefund"][];
            /** @description Cancels that the provider has notified of, the latest first */
            notifications: components["schemas"]["PaymentNotification"][];
        };
        RefundEvent: {
            /**
             * @description ISO 8601
             * @example 2026-01-01T01:30:00.000Z
             */
            at: string;
            /**
             * @description The state that it came to, `awaiting_deposit` each time that a deposit was asked for; `disputed`: it had failed, and an answer says that it was made; `conflict`: an answer contradicted its state, which stayed
             * @example processing
             * @enum {string}
             */
            event: "processing" | "unknown" | "succeeded" | "failed" | "awaiting_deposit" | "disputed" | "conflict";
            /**
             * @description `lease`: the process that was at work on it is gone
             * @example caller
             * @enum {string}
             */
            source: "caller" | "provider" | "lease" | "lookup" | "notification" | "operator";
            /**
             * @description The caller that asked for it or resolved it
             * @example orders
             */
            by: string | null;
            /**
             * @description What the operator wrote, or what a contradicting answer said
             * @example null
             */
            note: string | null;
        };
        /** @description Everything that happened to a refund */
        RefundEventList: {
            /** @description Oldest first */
            data: components["schemas"]["RefundEvent"][];
        };
        /** @description What is sent again */
        Redelivery: {
            /**
             * @description Name of the endpoint in `EVENT_ENDPOINTS`
             * @example orders
             */
            endpoint: string;
            /**
             * Format: int32
             * @description How many events are queued
             * @example 42
             */
            count: number;
            /**
             * @description There was no place for more: ask again from here on, once these are sent. Null: nothing is left
             * @example null
             */
            next_from: string | null;
        };
        KnownAccount: {
            /**
             * @description Name of the configured CookiePay account; optional when there is only one
             * @example default
             */
            name: string;
            /**
             * @description What takes its payments
             * @example toss
             * @enum {string}
             */
            pg: "toss" | "easypay" | "kiwoom" | "danal" | "mobilpay" | "welcome" | "paynuri" | "eromepay";
        };
        /** @description Who calls, what it may do, and what of the settings that depends on */
        KnownCaller: {
            /**
             * @description Who calls, as refunds name it in `requested_by`
             * @example finance
             */
            caller: string;
            /** @description What the caller may do */
            scopes: ("create" | "refund_account" | "read" | "read_all" | "resolve")[];
            /**
             * @description Whether no keys are configured: everybody is this caller, and nobody is told from another
             * @example false
             */
            is_open: boolean;
            /** @description The configured accounts */
            accounts: components["schemas"]["KnownAccount"][];
            /**
             * Format: int64
             * @description How long a refund must have been unknown before a person may call it failed, in milliseconds
             * @example 600000
             */
            resolve_failed_after_ms: number;
        };
        /** @description What became unknown on that day and has not been settled since */
        RefundSum: {
            /**
             * Format: int64
             * @description How many refunds
             * @example 2
             */
            count: number;
            /**
             * Format: int64
             * @description Integer of KRW: what they come to
             * @example 13000
             */
            amount: number;
        };
        FailedSum: {
            /**
             * @description `failure.code` of these refunds
             * @example provider_declined
             * @enum {string}
             */
            code: "provider_declined" | "already_cancelled" | "deposit_required";
            /**
             * Format: int64
             * @description How many refunds
             * @example 2
             */
            count: number;
            /**
             * Format: int64
             * @description Integer of KRW: what they come to
             * @example 13000
             */
            amount: number;
        };
        /** @description The refunds of one account that one caller asked for */
        ReportRow: {
            /**
             * @description Name of the CookiePay account
             * @example default
             */
            account: string;
            /**
             * @description Who asked for them
             * @example orders
             */
            caller: string;
            succeeded: components["schemas"]["RefundSum"];
            /** @description What was not refunded, by its code */
            failed: components["schemas"]["FailedSum"][];
            unknown: components["schemas"]["RefundSum"];
        };
        OddRefund: {
            /**
             * @description The refund
             * @example rf_D20N6F0CBDSWY6WVZ8RC1FRXZG
             */
            id: string;
            /**
             * @description Name of the CookiePay account
             * @example default
             */
            account: string;
            /**
             * @description Who asked for it
             * @example orders
             */
            caller: string;
            /**
             * @description The PG transaction id of the payment
             * @example order1042-10000
             */
            tid: string;
            /**
             * Format: int64
             * @description Integer of KRW: what was asked
             * @example 10000
             */
            amount: number;
            /**
             * Format: int64
             * @description Integer of KRW: what the ledger counts for it
             * @example 9000
             */
            counted: number;
            /**
             * @description ISO 8601: its last change
             * @example 2026-01-01T01:30:00.412Z
             */
            updated_at: string;
        };
        /** @description The refunds whose state changed last on one day of Korea */
        DailyReport: {
            /**
             * @description The day, of Korea
             * @example 2026-01-01
             */
            date: string;
            /**
             * @description ISO 8601: whatever changed until then is in it. For a day that is over, its end
             * @example 2026-01-01T15:00:00.000Z
             */
            complete_until: string;
            /** @description By account and caller. A disputed refund stands in none */
            rows: components["schemas"]["ReportRow"][];
            /** @description Refunds that had failed, and that an answer of that day says were made: a person settles them. The first 1000 */
            disputes: components["schemas"]["OddRefund"][];
            /**
             * Format: int64
             * @description How many there are
             * @example 0
             */
            disputes_count: number;
            /** @description Succeeded refunds of which CookiePay cancelled another amount than was asked, or one that cannot be read. They stand in rows, too. The first 1000 */
            mismatches: components["schemas"]["OddRefund"][];
            /**
             * Format: int64
             * @description How many there are
             * @example 0
             */
            mismatches_count: number;
        };
        InvalidMember: {
            /**
             * @description JSON pointer to the member
             * @example #/payment/amount
             */
            pointer: string;
            /** @example must be integer */
            detail: string;
        };
        /** @description With `limit_exceeded`: the limit of the caller that this refund would break */
        BrokenLimit: {
            /**
             * @description As the operator names it
             * @example max_amount_per_day
             * @enum {string}
             */
            name: "max_amount" | "max_amount_per_day" | "max_refunds_per_day";
            /**
             * Format: int64
             * @description KRW, or a number of refunds
             * @example 1000000
             */
            max: number;
            /**
             * @description What the refunds of the day come to; null with `max_amount`
             * @example 980000
             */
            used: number | null;
            /**
             * @description The next midnight in Korea; null with `max_amount`
             * @example 2026-01-02T00:00:00+09:00
             */
            resets_at: string | null;
        };
        /** @description A problem (RFC 9457) */
        Problem: {
            /**
             * @description Names the kind of problem
             * @example urn:problem-type:not_eligible
             */
            type: string;
            /**
             * @description The kind of problem in words, English and Korean
             * @example Cannot be refunded this way (환불 불가 거래)
             */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status
             * @example 422
             */
            status: number;
            /** @description What was wrong, what was expected and what to do */
            detail: string;
            /**
             * @description For code to switch on
             * @example not_eligible
             * @enum {string}
             */
            code: "invalid_request" | "idempotency_key_missing" | "idempotency_key_invalid" | "unauthenticated" | "forbidden" | "limit_exceeded" | "not_found" | "idempotency_in_progress" | "payment_mismatch" | "remaining_mismatch" | "possible_duplicate" | "payment_busy" | "refund_unresolved" | "not_resolvable" | "payload_too_large" | "unsupported_media_type" | "idempotency_key_reused" | "not_eligible" | "amount_exceeds_remaining" | "tax_free_not_allowed" | "tax_free_exceeds_amount" | "refund_account_required" | "unknown_account" | "provider_declined" | "already_cancelled" | "deposit_required" | "rate_limited" | "internal_error" | "provider_auth_failed" | "provider_unavailable" | "store_unavailable" | "store_not_durable";
            /** @description The refund, or else this request as the logs name it */
            instance: string;
            /**
             * @description `same_key`: repeat the same request, after Retry-After. `fix_request`: nothing was stored, correct it, the key is free. `new_key`: this key is spent. `after_resolution`: wait until the refund in this answer is settled. `never`: do not try again.
             * @example fix_request
             * @enum {string}
             */
            retry: "same_key" | "fix_request" | "new_key" | "after_resolution" | "never";
            /** @description What is wrong with the body */
            errors?: components["schemas"]["InvalidMember"][];
            /**
             * @description With `not_eligible` and `possible_duplicate`: the rule that forbids it
             * @example partial_not_allowed
             */
            rule?: string;
            /**
             * Format: int64
             * @description With `amount_exceeds_remaining` and `remaining_mismatch`: KRW that can still be refunded
             */
            remaining?: number;
            limit?: components["schemas"]["BrokenLimit"];
            refund?: components["schemas"]["SeenRefund"];
        };
        /** @description Alive */
        Health: {
            /**
             * @description The process answers
             * @example ok
             * @enum {string}
             */
            status: "ok";
        };
        ReadinessPart: {
            ready: boolean;
            detail: string;
        };
        /** @description Readiness */
        Readiness: {
            /**
             * @description Whether refunds are taken
             * @example ready
             * @enum {string}
             */
            status: "ready" | "not_ready";
            /**
             * @description What that hangs on
             * @example {
             *       "store": {
             *         "ready": true,
             *         "detail": "durable"
             *       }
             *     }
             */
            parts: {
                [key: string]: components["schemas"]["ReadinessPart"];
            };
        };
        /** @description What CookiePay's servers send, as JSON or as a form: members in either letter case, values as texts or numbers, and whatever else there is */
        NotificationRequest: {
            /**
             * @description `cancel` or `deposit_cancel`; absent on approvals, which are ignored
             * @example cancel
             */
            noti_type?: string;
            /**
             * @description Of the payment or of the cancel
             * @example order1043-10000
             */
            tid?: string;
            /**
             * @description KRW of this cancel
             * @example 3000
             */
            cancel_amount?: string;
            /**
             * @description When, in Korean time
             * @example 20260101103000
             */
            cancel_date?: string;
            /**
             * @description CookiePay's id of the account
             * @example shop
             */
            api_id?: string;
        };
        /** @description The payment that is being refunded */
        Payment: {
            /**
             * @description How it was paid
             * @example card_auth
             * @enum {string}
             */
            method: "card_auth" | "card_keyin" | "card_billing" | "easy_pay" | "bank_transfer" | "virtual_account" | "mobile";
            /**
             * Format: int64
             * @description Integer of KRW: everything that was paid
             * @example 10000
             */
            amount: number;
            /**
             * Format: int64
             * @description Integer of KRW, the part of the amount on which no tax was paid
             * @example 2000
             */
            tax_free_amount?: number;
        };
        /** @description One refund of one payment */
        RefundRequest: {
            /**
             * @description The PG transaction id of the payment: visible ASCII, at least one letter or digit
             * @example order1042-10000
             */
            tid: string;
            /**
             * @description Why, as the provider will show it
             * @example 고객 변심
             */
            reason: string;
            payment: components["schemas"]["Payment"];
            /**
             * Format: int64
             * @description Integer of KRW to refund; absent: everything that remains
             * @example 3000
             */
            amount?: number;
            /**
             * Format: int64
             * @description Integer of KRW, the part of the amount on which no tax was paid
             * @example 2000
             */
            tax_free_amount?: number;
            refund_account?: components["schemas"]["RefundAccount"];
            /**
             * @description Name of the configured CookiePay account; optional when there is only one
             * @example default
             */
            account?: string;
            /**
             * @description Your own name for what is refunded (a return, an order line): one refund of the payment for each
             * @example order-1042-line-1
             */
            reference?: string;
            /**
             * Format: int64
             * @description Integer of KRW: the refund is refused where anything else remains of the payment
             * @example 10000
             */
            expected_remaining?: number;
            /**
             * @description The refund of the same amount that is known of: this is another one
             * @example rf_3XR8ZQ5T0M9W7C2KDN4VB6HJ1E
             */
            duplicate_of?: string;
            /**
             * @description Kept and returned, never sent on
             * @example {
             *       "order": "A-1042"
             *     }
             */
            metadata?: {
                [key: string]: string;
            };
        };
        /** @description What the console shows of it */
        StatedAnswer: {
            /**
             * @description The PG's id of the cancel
             * @example C20260101000001
             */
            cancel_tid?: string | null;
            /**
             * @description `0000` is success
             * @example 0000
             */
            cancel_code?: string | null;
            /**
             * @description The provider's message
             * @example 정상취소
             */
            cancel_msg?: string | null;
            /**
             * @description When it was cancelled, in the format that the provider chose
             * @example 20260101103000
             */
            cancel_date?: string | null;
            /**
             * @description What was cancelled; a number as its decimal text
             * @example 10000
             */
            cancel_amt?: string | null;
        };
        /** @description What a person found out */
        ResolveRequest: {
            /**
             * @description What became of the refund
             * @example succeeded
             * @enum {string}
             */
            outcome: "succeeded" | "failed";
            /**
             * @description How that was found out
             * @example Seen as cancelled in the CookiePay console
             */
            note: string;
            provider?: components["schemas"]["StatedAnswer"];
        };
        /** @description What is to be sent again, and to whom */
        RedeliveryRequest: {
            /**
             * @description Name of the endpoint in `EVENT_ENDPOINTS`
             * @example orders
             */
            endpoint: string;
            /**
             * @description From when on: a date of Korea, or an ISO 8601 time with its offset
             * @example 2026-01-01
             */
            from: string;
            /**
             * @description Until when, exclusive; a date includes its day
             * @example 2026-01-01T12:00:00+09:00
             */
            to: string;
        };
        /** @description What was refunded outside of the gateway */
        OutsideRefundRequest: {
            /**
             * @description Name of the configured CookiePay account; optional when there is only one
             * @example default
             */
            account?: string;
            /**
             * Format: int64
             * @description Integer of KRW: what was refunded; negative to take back what was booked
             * @example 3000
             */
            amount: number;
            /**
             * Format: int64
             * @description Integer of KRW with the sign of `amount`: its tax-free part
             * @example 0
             */
            tax_free_amount?: number;
            /**
             * @description Where and why it was refunded, and how that was seen
             * @example 쿠키페이 콘솔에서 취소함
             */
            note: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Alive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Not ready */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus text */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    receiveNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description One of NOTIFICATION_SECRETS
                 * @example the-secret-that-the-operator-has-made
                 */
                secret: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationRequest"];
                "application/x-www-form-urlencoded": components["schemas"]["NotificationRequest"];
            };
        };
        responses: {
            /** @description It is stored, or no business of refunds */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found (찾을 수 없음) */
            404: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: Body is too large (요청 본문 크기 초과) */
            413: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_unavailable`: Store cannot be reached (저장소 연결 불가); `store_not_durable`: Store is not durable (저장소 내구성 부족) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRefunds: {
        parameters: {
            query?: {
                /**
                 * @description The PG transaction id of the payment
                 * @example order1042-10000
                 */
                tid?: string;
                /**
                 * @description With neither tid nor from, `processing`, `unknown` or `awaiting_deposit`: the unsettled refunds of all payments
                 * @example unknown
                 */
                status?: "processing" | "succeeded" | "failed" | "unknown" | "awaiting_deposit";
                /**
                 * @description Name of the configured CookiePay account; optional when there is only one
                 * @example default
                 */
                account?: string;
                /**
                 * @description Refunds whose state changed last at this time or later: a date of Korea, or an ISO 8601 time with its offset
                 * @example 2026-01-01
                 */
                from?: string;
                /**
                 * @description Up to this time, which is not included; a date of Korea is, with its whole day. Absent: until now. The last 5 s are never in it
                 * @example 2026-01-01
                 */
                to?: string;
                /**
                 * @description Who asked for them; another caller than oneself takes the scope `read_all`
                 * @example orders
                 */
                caller?: string;
                /**
                 * @description How many, 1 to 100; 20 when absent
                 * @example 20
                 */
                limit?: string;
                /**
                 * @description `next_cursor` of the page before
                 * @example 21
                 */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefundList"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown_account`: Unknown account (알 수 없는 계정) */
            422: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createRefund: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description 1 to 255 visible ASCII characters, bare or as a quoted structured-field string
                 * @example order-1042-refund-1
                 */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description One refund of one payment */
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefundRequest"];
            };
        };
        responses: {
            /** @description Refunded, now or by the first request with this key */
            201: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Where the refund is */
                    Location?: string;
                    /** @description `true` on a repeat */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refund"];
                };
            };
            /** @description The provider was called and the outcome is not known yet; `status` is `unknown` */
            202: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Where the refund is */
                    Location?: string;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    /** @description `true` on a repeat */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnsettledRefund"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청); `idempotency_key_missing`: Idempotency-Key header is missing (멱등키 헤더 누락); `idempotency_key_invalid`: Idempotency-Key header is not valid (멱등키 형식 오류) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `limit_exceeded`: Limit of the caller (호출자 한도 초과); `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_in_progress`: The first request is still running (처리 중인 요청); `payment_mismatch`: Payment differs from an earlier request (결제 정보 불일치); `possible_duplicate`: It may be refunded already (중복 환불 의심); `payment_busy`: Another refund of the payment is being made (동일 결제 환불 진행 중); `refund_unresolved`: Another refund is not settled yet (미확정 환불 존재); `remaining_mismatch`: Something else remains (환불 가능 금액 불일치) */
            409: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: Body is too large (요청 본문 크기 초과) */
            413: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Body is not JSON (지원하지 않는 형식) */
            415: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: Key belongs to another request (멱등키 재사용); `not_eligible`: Cannot be refunded this way (환불 불가 거래); `amount_exceeds_remaining`: More than remains (환불 가능 금액 초과); `tax_free_not_allowed`: Tax-free amount is not allowed (비과세 금액 사용 불가); `tax_free_exceeds_amount`: Tax-free or taxable part is too large (비과세·과세 금액 초과); `refund_account_required`: Refund account is required (환불 계좌 필요); `unknown_account`: Unknown account (알 수 없는 계정); `provider_declined`: Provider declined (결제사 취소 거절); `already_cancelled`: Already cancelled (이미 취소된 거래); `deposit_required`: Needs the cancel-after-deposit API (입금 후 취소 필요) */
            422: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `provider_auth_failed`: Provider refuses our credentials (결제사 인증 실패) */
            502: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `provider_unavailable`: Provider cannot be reached (결제사 연결 불가); `store_not_durable`: Store is not durable (저장소 내구성 부족); `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    checkRefund: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description One refund of one payment */
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefundRequest"];
            };
        };
        responses: {
            /** @description `POST /refunds` would send this to the provider now */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckedRefund"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `limit_exceeded`: Limit of the caller (호출자 한도 초과); `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payment_mismatch`: Payment differs from an earlier request (결제 정보 불일치); `possible_duplicate`: It may be refunded already (중복 환불 의심); `payment_busy`: Another refund of the payment is being made (동일 결제 환불 진행 중); `refund_unresolved`: Another refund is not settled yet (미확정 환불 존재); `remaining_mismatch`: Something else remains (환불 가능 금액 불일치) */
            409: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: Body is too large (요청 본문 크기 초과) */
            413: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Body is not JSON (지원하지 않는 형식) */
            415: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_eligible`: Cannot be refunded this way (환불 불가 거래); `amount_exceeds_remaining`: More than remains (환불 가능 금액 초과); `tax_free_not_allowed`: Tax-free amount is not allowed (비과세 금액 사용 불가); `tax_free_exceeds_amount`: Tax-free or taxable part is too large (비과세·과세 금액 초과); `refund_account_required`: Refund account is required (환불 계좌 필요); `unknown_account`: Unknown account (알 수 없는 계정) */
            422: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_not_durable`: Store is not durable (저장소 내구성 부족); `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRefund: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the refund
                 * @example rf_D20N6F0CBDSWY6WVZ8RC1FRXZG
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The refund */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refund"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found (찾을 수 없음) */
            404: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRefundEvents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the refund
                 * @example rf_D20N6F0CBDSWY6WVZ8RC1FRXZG
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefundEventList"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found (찾을 수 없음) */
            404: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resolveRefund: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the refund
                 * @example rf_D20N6F0CBDSWY6WVZ8RC1FRXZG
                 */
                id: string;
            };
            cookie?: never;
        };
        /** @description What a person found out */
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResolveRequest"];
            };
        };
        responses: {
            /** @description The settled refund */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeenRefund"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found (찾을 수 없음) */
            404: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_resolvable`: Refund cannot be resolved (확정할 수 없는 환불) */
            409: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: Body is too large (요청 본문 크기 초과) */
            413: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Body is not JSON (지원하지 않는 형식) */
            415: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_not_durable`: Store is not durable (저장소 내구성 부족); `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportRefunds: {
        parameters: {
            query: {
                /**
                 * @description Refunds whose state changed last at this time or later: a date of Korea, or an ISO 8601 time with its offset
                 * @example 2026-01-01
                 */
                from: string;
                /**
                 * @description Up to this time, which is not included; a date of Korea is, with its whole day. Absent: until now. The last 5 s are never in it
                 * @example 2026-01-01
                 */
                to?: string;
                /**
                 * @description `csv` when absent; `ndjson`: a refund as JSON on each line
                 * @example csv
                 */
                format?: "csv" | "ndjson";
                /**
                 * @description These alone
                 * @example succeeded
                 */
                status?: "processing" | "succeeded" | "failed" | "unknown" | "awaiting_deposit";
                /**
                 * @description Name of the configured CookiePay account; optional when there is only one
                 * @example default
                 */
                account?: string;
                /**
                 * @description Who asked for them; another caller than oneself takes the scope `read_all`
                 * @example orders
                 */
                caller?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The refunds, by their last change, oldest first */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description A name for the file */
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                    "application/x-ndjson": string;
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown_account`: Unknown account (알 수 없는 계정) */
            422: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDailyReport: {
        parameters: {
            query: {
                /**
                 * @description A date of Korea
                 * @example 2026-01-01
                 */
                date: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DailyReport"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestDeposit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the refund
                 * @example rf_D20N6F0CBDSWY6WVZ8RC1FRXZG
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The refund, which awaits the deposit */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeenRefund"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found (찾을 수 없음) */
            404: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_resolvable`: Refund cannot be resolved (확정할 수 없는 환불); `payment_mismatch`: Payment differs from an earlier request (결제 정보 불일치); `possible_duplicate`: It may be refunded already (중복 환불 의심); `payment_busy`: Another refund of the payment is being made (동일 결제 환불 진행 중); `refund_unresolved`: Another refund is not settled yet (미확정 환불 존재) */
            409: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: Body is too large (요청 본문 크기 초과) */
            413: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Body is not JSON (지원하지 않는 형식) */
            415: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `amount_exceeds_remaining`: More than remains (환불 가능 금액 초과); `tax_free_exceeds_amount`: Tax-free or taxable part is too large (비과세·과세 금액 초과) */
            422: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `provider_auth_failed`: Provider refuses our credentials (결제사 인증 실패) */
            502: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `provider_unavailable`: Provider cannot be reached (결제사 연결 불가); `store_not_durable`: Store is not durable (저장소 내구성 부족); `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPayment: {
        parameters: {
            query?: {
                /**
                 * @description Name of the configured CookiePay account; optional when there is only one
                 * @example default
                 */
                account?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The PG transaction id of the payment
                 * @example order1042-10000
                 */
                tid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ledger */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentLedger"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found (찾을 수 없음) */
            404: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown_account`: Unknown account (알 수 없는 계정) */
            422: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redeliverEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description What is to be sent again, and to whom */
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedeliveryRequest"];
            };
        };
        responses: {
            /** @description They are queued, and are sent whoever dies */
            202: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redelivery"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found (찾을 수 없음) */
            404: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: Body is too large (요청 본문 크기 초과) */
            413: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Body is not JSON (지원하지 않는 형식) */
            415: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_not_durable`: Store is not durable (저장소 내구성 부족); `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bookOutsideRefund: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description 1 to 255 visible ASCII characters, bare or as a quoted structured-field string
                 * @example order-1042-refund-1
                 */
                "Idempotency-Key": string;
            };
            path: {
                /**
                 * @description The PG transaction id of the payment
                 * @example order1042-10000
                 */
                tid: string;
            };
            cookie?: never;
        };
        /** @description What was refunded outside of the gateway */
        requestBody: {
            content: {
                "application/json": components["schemas"]["OutsideRefundRequest"];
            };
        };
        responses: {
            /** @description The ledger */
            201: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Only on a repeat: it was booked before */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentLedger"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청); `idempotency_key_missing`: Idempotency-Key header is missing (멱등키 헤더 누락); `idempotency_key_invalid`: Idempotency-Key header is not valid (멱등키 형식 오류) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found (찾을 수 없음) */
            404: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: Body is too large (요청 본문 크기 초과) */
            413: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Body is not JSON (지원하지 않는 형식) */
            415: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: Key belongs to another request (멱등키 재사용); `amount_exceeds_remaining`: More than remains (환불 가능 금액 초과); `tax_free_not_allowed`: Tax-free amount is not allowed (비과세 금액 사용 불가); `tax_free_exceeds_amount`: Tax-free or taxable part is too large (비과세·과세 금액 초과); `unknown_account`: Unknown account (알 수 없는 계정) */
            422: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_not_durable`: Store is not durable (저장소 내구성 부족); `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    identifyCaller: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller */
            200: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnownCaller"];
                };
            };
            /** @description `invalid_request`: Invalid request (잘못된 요청) */
            400: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Not authenticated (인증 실패) */
            401: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Not allowed (권한 없음) */
            403: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests (요청 한도 초과) */
            429: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Error of the gateway (내부 오류) */
            500: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store_unavailable`: Store cannot be reached (저장소 연결 불가) */
            503: {
                headers: {
                    /** @description Requests that this caller may make in a window */
                    "X-RateLimit-Limit"?: number;
                    /** @description How many of them are left */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Seconds until the window ends */
                    "X-RateLimit-Reset"?: number;
                    /** @description Seconds until it is worth asking again */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
