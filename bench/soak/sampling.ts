import type { Redis } from 'ioredis'
import { percentile } from '../load.ts'
import { infoField } from '../redis.ts'
import type { SoakSample } from '../results.ts'
import type { Callers } from './callers.ts'

const MIB = 2 ** 20

export type Observed = Readonly<{ url: string; redis: Redis; callers: Callers; startedAt: number }>

/** A look at everything that might grow. */
export async function takeSample({ url, redis, callers, startedAt }: Observed): Promise<SoakSample> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const latencies = callers.takeLatencies()
  const latency = (part: number) => (latencies.length === 0 ? null : percentile(latencies, part))
  return {
    seconds: (performance.now() - startedAt) / 1_000,
    rssMib: metric(metrics, 'process_resident_memory_bytes') / MIB,
    heapMib: metric(metrics, 'nodejs_heap_size_used_bytes') / MIB,
    handles: metric(metrics, 'nodejs_active_handles_total'),
    openFiles: metric(metrics, 'process_open_fds'),
    redisMib: Number(await infoField(redis, 'memory', 'used_memory')) / MIB,
    unsettled: metric(metrics, 'refund_gateway_unsettled_refunds'),
    p50Ms: latency(0.5),
    p99Ms: latency(0.99),
  }
}

function metric(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
}
