import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createListener } from '../../../src/http/access/listener.ts'

const SILENT_MS = 300

async function startServer(t: Test, handler: RequestListener): Promise<Server> {
  const { serverFactory } = createListener(null, SILENT_MS)
  const server = serverFactory(handler, {}) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

async function connectTo(t: Test, server: Server): Promise<[client: Socket, accepted: Socket]> {
  const accepted = once(server, 'connection')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {})
  t.teardown(() => client.destroy())
  return [client, (await accepted)[0] as Socket]
}

t.test('a client that does not read its answer is cut off', async (t) => {
  const server = await startServer(t, (_request, response) => response.end(Buffer.alloc(64 * 2 ** 20)))
  const [client, accepted] = await connectTo(t, server)
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')
  await once(accepted, 'close')
  t.ok(accepted.bytesWritten > client.bytesRead, 'with some of it unread')
})

t.test('a client that waits for an answer for less long is not', async (t) => {
  const server = await startServer(t, (_request, response) => {
    setTimeout(() => response.end('answer'), SILENT_MS / 3)
  })
  const [client] = await connectTo(t, server)
  client.write('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')
  const [answer] = await once(client, 'data')
  t.match(String(answer), /^HTTP\/1\.1 200 /)
})
