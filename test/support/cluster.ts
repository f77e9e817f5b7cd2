import { setTimeout as sleep } from 'node:timers/promises'
import calculateSlot from 'cluster-key-slot'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { startTestRedis, type TestRedis } from './redis.ts'

const MASTERS = 3
const SLOTS = 16_384

/** After this long without an answer a node counts as failing, and its replica stands for election. */
const NODE_TIMEOUT_MS = 1_500

/** A Redis Cluster of a test's own: three masters, each with one replica. */
export type TestCluster = Readonly<{
  /** The masters first, as they were at the start, then their replicas in the same order. */
  nodes: readonly TestRedis[]
  /** For a gateway's environment. */
  env: Readonly<Record<string, string>>
  /** The index of the master, as it was at the start, that has this key. */
  masterOf(key: string): number
  /** The replica of the master with this index, as it was at the start. */
  replicaOf(master: number): TestRedis
  /** A connection to this node. */
  connect(node: TestRedis): Redis
  /** Waits until each slot is served, and each master has its replica. */
  untilWhole(): Promise<void>
}>

/** Starts the nodes on loopback ports and makes them one Cluster; it ends with the test. */
export async function startTestCluster(t: Test): Promise<TestCluster> {
  const nodes = await Promise.all(Array.from({ length: 2 * MASTERS }, () => startTestRedis(t, NODE_ARGS)))
  const connections = new Map(nodes.map((node) => [node, new Redis(node.port, '127.0.0.1')]))
  for (const connection of connections.values()) connection.on('error', () => {})
  t.teardown(() => {
    for (const connection of connections.values()) connection.disconnect()
  })
  const connect = (node: TestRedis) => connections.get(node) as Redis

  const [first, ...others] = nodes.map(connect) as [Redis, ...Redis[]]
  const firstPort = (nodes[0] as TestRedis).port
  for (const [index, slots] of slotRanges().entries()) {
    await connect(nodes[index] as TestRedis).cluster('ADDSLOTSRANGE', ...slots)
  }
  // Distinct epochs from the start: the nodes need not find out that they agree on one.
  await Promise.all(
    [first, ...others].map((node, index) => node.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)),
  )
  await Promise.all(others.map((node) => node.cluster('MEET', '127.0.0.1', firstPort)))
  await untilAll([first, ...others], async (node) =>
    (await node.cluster('INFO')).includes(`cluster_known_nodes:${nodes.length}`),
  )
  for (let master = 0; master < MASTERS; master++) {
    const id = (await connect(nodes[master] as TestRedis).call('CLUSTER', 'MYID')) as string
    await retry(() => connect(nodes[master + MASTERS] as TestRedis).cluster('REPLICATE', id))
  }

  const untilWhole = () =>
    untilAll([first, ...others], async (node) => {
      const [cluster, replication] = await Promise.all([node.cluster('INFO'), node.info('replication')])
      const isLinked = /role:master/.test(replication)
        ? /state=online/.test(replication)
        : /master_link_status:up/.test(replication)
      return cluster.includes('cluster_state:ok') && isLinked
    })
  await untilWhole()
  return {
    nodes,
    env: { REDIS_CLUSTER_NODES: nodes.map(({ port }) => `127.0.0.1:${port}`).join() },
    masterOf: (key) => slotRanges().findIndex(([, last]) => calculateSlot(key) <= last),
    replicaOf: (master) => nodes[master + MASTERS] as TestRedis,
    connect,
    untilWhole,
  }
}

const NODE_ARGS = [
  ['--cluster-enabled', 'yes'],
  ['--cluster-node-timeout', String(NODE_TIMEOUT_MS)],
  ['--repl-diskless-sync-delay', '0'],
].flat()

function slotRanges(): [first: number, last: number][] {
  const starts = Array.from({ length: MASTERS + 1 }, (_, index) => Math.floor((index * SLOTS) / MASTERS))
  return starts.slice(0, -1).map((start, index) => [start, (starts[index + 1] as number) - 1])
}

async function untilAll(
  nodes: readonly Redis[],
  condition: (node: Redis) => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + 30_000
  for (const node of nodes) {
    while (!(await condition(node).catch(() => false))) {
      if (Date.now() > deadline) throw new Error('the Cluster does not come together')
      await sleep(20)
    }
  }
}

/** A node that was just met is not known to all others at once. */
async function retry(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work()
      return
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(50)
    }
  }
}
