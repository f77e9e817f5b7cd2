import { setTimeout as sleep } from 'node:timers/promises'

/** Who pays a deposit into the account that the provider has opened for it. */
export type Payer = Readonly<{
  /** Resolves once the deposit of this amount is paid, whereupon the payment is cancelled; or there is nowhere to pay it. */
  pay(tid: string, amount: number): Promise<void>
}>

type Deposit = Readonly<{ account: string; amount: number }>

const TRIES = 20
const PAUSE_MS = 200
/** The sandbox may be stopped meanwhile; what is sent to it must not be heeded once it is not waited for any more. */
const PATIENCE_MS = 30_000

/** Sees what accounts there are even where the gateway was not answered: as a person does in the provider's console. */
export function createPayer(sandboxUrl: string): Payer {
  async function payOnce(tid: string, amount: number): Promise<number> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const asked = await fetch(`${sandboxUrl}/sandbox/deposits?tid=${tid}`, { signal })
    const { deposits } = (await asked.json()) as { deposits: Deposit[] }
    const account = deposits.find((deposit) => deposit.amount === amount)?.account
    if (account === undefined) return 404
    const paid = await fetch(`${sandboxUrl}/sandbox/deposits/pay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tid, account }),
      signal,
    })
    await paid.arrayBuffer()
    return paid.status
  }

  return {
    async pay(tid, amount) {
      for (let attempt = 1; attempt <= TRIES; attempt += 1) {
        const status = await payOnce(tid, amount).catch(() => 0)
        if (status !== 0) return
        await sleep(PAUSE_MS)
      }
    },
  }
}
