import type { Refund } from '../../src/refunds/refund.ts'
import { type Caller, until } from './calls.ts'
import type { Answer } from './gateway.ts'

/** A page of `GET /refunds`. */
export type List = { data: Refund[]; next_cursor: string | null }

/** Yesterday's date in Korea: a test that runs over midnight finds what it made all the same. */
export function yesterday(): string {
  return new Date(Date.now() - 15 * 3_600_000).toISOString().slice(0, 10)
}

/** The refunds of all pages, with the number of refunds on each. */
export async function readAllPages(
  { request }: Caller,
  query: Readonly<Record<string, string>>,
  { headers = {}, meanwhile }: { headers?: Record<string, string>; meanwhile?: () => Promise<void> } = {},
): Promise<{ refunds: Refund[]; lengths: number[] }> {
  const refunds: Refund[] = []
  const lengths: number[] = []
  let cursor: string | null = null
  do {
    const search: URLSearchParams = new URLSearchParams({ ...query, ...(cursor !== null && { cursor }) })
    const { status, body }: Answer<List> = await request<List>(`/refunds?${search}`, { headers })
    if (status !== 200) throw new Error(`${search} is answered with ${JSON.stringify(body)}`)
    refunds.push(...body.data)
    lengths.push(body.data.length)
    cursor = body.next_cursor
    await meanwhile?.()
  } while (cursor !== null)
  return { refunds, lengths }
}

/** Waits until the list by time has come so far that these refunds are in it; how long that takes is a promise, too. */
export async function untilListed(
  caller: Caller,
  ids: readonly string[],
  headers: Record<string, string> = {},
): Promise<void> {
  await until('they are listed', async () => {
    const { refunds } = await readAllPages(caller, { from: yesterday(), limit: '100' }, { headers })
    const listed = new Set(refunds.map(({ id }) => id))
    return ids.every((id) => listed.has(id))
  })
}
