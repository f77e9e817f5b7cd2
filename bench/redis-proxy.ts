import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What went over the line since the last look. */
export type Traffic = Readonly<{ roundTrips: number; bytesToRedis: number; bytesFromRedis: number }>

/** Stands between a server and its Redis and counts. */
export type CountingProxy = Readonly<{
  port: number
  /** What was counted, from zero again. */
  take(): Traffic
  stop(): Promise<void>
}>

/**
 * A round trip begins with what is sent when Redis owes no answer: commands that leave together are one. So it is
 * right only for one request at a time.
 */
export async function startCountingProxy(redisPort: number): Promise<CountingProxy> {
  let roundTrips = 0
  let bytesToRedis = 0
  let bytesFromRedis = 0
  const sockets = new Set<Socket>()

  const server = createServer((client) => {
    const upstream = connect(redisPort, '127.0.0.1')
    let isAnswered = true
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket)
          client.destroy()
          upstream.destroy()
        })
    }
    client.on('data', (chunk) => {
      if (isAnswered) roundTrips += 1
      isAnswered = false
      bytesToRedis += chunk.length
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      isAnswered = true
      bytesFromRedis += chunk.length
      client.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = { roundTrips, bytesToRedis, bytesFromRedis }
      roundTrips = 0
      bytesToRedis = 0
      bytesFromRedis = 0
      return taken
    },
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
