import type { Test } from 'tap'
import type { CancelAnswer } from '../../src/sandbox/answers.ts'
import { buildSandbox, type SandboxOptions } from '../../src/sandbox/app.ts'

export const ID = 'shop'
export const KEY = 'shop-key'

type Answer = { RTN_CD?: string; RTN_MSG?: string; TOKEN?: string } & Partial<CancelAnswer>
type Cancels = {
  calls: number
  applied: { tid: string; amount: number; at: string; cancel_tid: string }[]
  applied_total: number
  /** Of one tid. */
  under_way?: { began_at: string; ended_at: string | null }[]
  tokens_issued: number
}

type Deposits = {
  calls: number
  deposits: {
    account: string
    amount: number
    requestedAt: string
    deadline: string
    paidAt: string | null
  }[]
}

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>

/** A sandbox on a free port, closed when the test ends, and the calls that a client makes. */
export async function startSandbox(t: Test, options: Partial<SandboxOptions> = {}) {
  const app = buildSandbox({ tokenLifetimeMs: 3_600_000, slowMs: 200, ...options })
  t.teardown(() => app.close())
  const base = await app.listen({ host: '127.0.0.1', port: 0 })

  async function post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ) {
    return fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    })
  }

  async function requestToken(body: unknown): Promise<Answer> {
    return (await post('/payAuth/token', body)).json() as Promise<Answer>
  }

  async function issueToken(id = ID, key = KEY): Promise<string> {
    return String((await requestToken({ pay2_id: id, pay2_key: key })).TOKEN)
  }

  async function sendCancel(body: unknown, token?: string, signal?: AbortSignal): Promise<Response> {
    return post('/api/cancel', body, { token: token ?? (await issueToken()), apikey: KEY }, signal)
  }

  return {
    base,
    post,
    requestToken,
    issueToken,
    sendCancel,

    /** A cancel that is answered, with HTTP 200. */
    async cancel(body: unknown, token?: string): Promise<Answer> {
      const response = await sendCancel(body, token)
      if (response.status !== 200) throw new Error(`HTTP ${response.status}`)
      return response.json() as Promise<Answer>
    },

    async lookup(tid: string, { token, ...changes }: { token?: string; [member: string]: unknown } = {}) {
      const body = { API_ID: ID, TID: tid, STD_DT: '2025-06-01', END_DT: '2025-06-30', ...changes }
      const response = await post('/api/paysearch', body, { token: token ?? (await issueToken()) })
      return response.json() as Promise<unknown>
    },

    async certificate(body: unknown, token?: string) {
      const response = await post('/api/paycert', body, { token: token ?? (await issueToken()) })
      return response.json() as Promise<unknown>
    },

    async deposit(body: unknown, token?: string): Promise<Response> {
      const headers = { token: token ?? (await issueToken()), apikey: KEY }
      return post('/api/get_cancel_bank_account', body, headers)
    },

    async deposits(tid: string): Promise<Deposits> {
      const query = new URLSearchParams({ tid })
      return (await fetch(`${base}/sandbox/deposits?${query}`)).json() as Promise<Deposits>
    },

    payDeposit: (tid: string, account?: string) => post('/sandbox/deposits/pay', { tid, account }),

    /** A person cancels in the provider's console. */
    async cancelOutside(tid: string, amount: number): Promise<void> {
      const response = await post('/sandbox/cancels', { tid, amount })
      if (response.status !== 201) throw new Error(`HTTP ${response.status}`)
    },

    /** Where notifications of cancels go from now on. */
    async notify(url: string): Promise<void> {
      await fetch(`${base}/sandbox/notify-url`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url }),
      })
    },

    async cancels(tid?: string): Promise<Cancels> {
      const query = tid === undefined ? '' : `?${new URLSearchParams({ tid })}`
      return (await fetch(`${base}/sandbox/cancels${query}`)).json() as Promise<Cancels>
    },
  }
}
