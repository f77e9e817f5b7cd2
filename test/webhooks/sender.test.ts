import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createSender, judge, LONGEST_PAUSE_MS, type SenderOptions } from '../../src/webhooks/sender.ts'
import { eventSecret, startEventReceiver } from '../support/event-receiver.ts'

const MESSAGE = {
  headers: { 'content-type': 'application/json', 'webhook-id': 'evt_1' },
  body: '{"type":"x"}',
}

function startSender(t: Test, url: string, more: Partial<SenderOptions> = {}) {
  const sender = createSender({ url, connections: 2, remember: async (found) => found, ...more })
  t.teardown(sender.close)
  return sender
}

t.test('2xx alone is success, and an endpoint says how long it wants to be left alone', async (t) => {
  for (const status of [200, 201, 202, 204, 299]) t.same(judge(status, '5'), { sent: 'delivered' })
  const pauses: [status: number, header: string | undefined, pauseMs: number][] = [
    [500, '60', 0],
    [301, undefined, 0],
    [404, undefined, 0],
    [429, '60', 60_000],
    [503, '60', 60_000],
    [429, undefined, 0],
    [429, 'soon', 0],
    [429, '-5', 0],
    [503, '999999', LONGEST_PAUSE_MS],
    [410, undefined, LONGEST_PAUSE_MS],
  ]
  for (const [status, header, pauseMs] of pauses) {
    t.same(
      judge(status, header),
      { sent: 'failed', detail: `answered ${status}`, pauseMs },
      `${status} ${header}`,
    )
  }
  const inAMinute = judge(503, new Date(Date.now() + 60_000).toUTCString())
  t.ok(inAMinute.sent === 'failed' && Math.abs(inAMinute.pauseMs - 60_000) < 3_000, 'also by a date')
})

t.test('a redirect is a failure, and is not followed', async (t) => {
  const [first, second] = [await startEventReceiver(t), await startEventReceiver(t)]
  for (const status of [301, 302, 307, 308]) {
    first.behave((_event, response) => {
      response.writeHead(status, { location: second.url }).end()
      return status
    })
    const sent = await startSender(t, first.url).send(MESSAGE)
    t.same(sent, { sent: 'failed', detail: `answered ${status}`, pauseMs: 0 })
  }
  t.equal(second.events.length, 0)
})

t.test('a proxy of the environment is not used', async (t) => {
  const proxy = await startEventReceiver(t)
  const endpoint = await startEventReceiver(t)
  t.intercept(process, 'env', { value: { ...process.env, HTTP_PROXY: proxy.url, http_proxy: proxy.url } })
  t.same(await startSender(t, endpoint.url).send(MESSAGE), { sent: 'delivered' })
  t.equal(proxy.events.length, 0)
})

/** A server that says nothing by itself. */
async function startSilent(t: Test, onData: (write: (text: string) => void) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => onData((text) => socket.write(text)))
    t.teardown(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`
}

t.test('an endpoint that does not answer, or not to the end, is left after the total time', async (t) => {
  const silent = await startSilent(t, () => {})
  const startedAt = performance.now()
  const sent = await startSender(t, silent, { timeoutMs: 400 }).send(MESSAGE)
  t.same(sent, { sent: 'failed', detail: 'gave no whole answer in time', pauseMs: 0 })
  t.ok(performance.now() - startedAt < 3_000)

  const trickling = await startSilent(t, (write) => write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx'))
  t.same(
    await startSender(t, trickling, { timeoutMs: 400 }).send(MESSAGE),
    { sent: 'delivered' },
    'it has said so',
  )
})

t.test('of an answer, however long, little is read', async (t) => {
  const endpoint = await startEventReceiver(t)
  let written = 0
  endpoint.behave((_event, response) => {
    response.writeHead(200)
    const chunk = Buffer.alloc(64 * 1024)
    const more = () => {
      while (!response.destroyed && written < 1e9) {
        written += chunk.length
        if (!response.write(chunk)) return
      }
    }
    response.on('drain', more)
    more()
    return undefined
  })
  t.same(await startSender(t, endpoint.url).send(MESSAGE), { sent: 'delivered' })
  await sleep(50)
  t.ok(written < 20e6, `${written} bytes were written`)
})

t.test('a failure says nothing of path, query or secret', async (t) => {
  const gone = await startEventReceiver(t)
  await gone.close()
  const sent = await startSender(t, `${gone.url}/${eventSecret()}?token=hush`).send(MESSAGE)
  t.same(sent, { sent: 'failed', detail: 'could not be reached or broke off (ECONNREFUSED)', pauseMs: 0 })
})

t.test('a name that leads elsewhere later is not connected to, also on a new connection', async (t) => {
  const endpoint = await startEventReceiver(t)
  const { port } = new URL(endpoint.url)
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const sender = startSender(t, `https://orders.example.com:${port}/`, {
    remember: async () => 'public',
    resolve,
  })
  t.match(await sender.send(MESSAGE), { sent: 'failed', detail: /found to lead to a public address/ })
  const local = startSender(t, `http://localhost:${port}/`, { resolve })
  t.same(await local.send(MESSAGE), { sent: 'delivered' })
  t.equal(endpoint.events.length, 1)
})

t.test('what is under way can be ended', async (t) => {
  const silent = await startSilent(t, () => {})
  const sender = startSender(t, silent)
  const sending = sender.send(MESSAGE)
  await sleep(50)
  sender.abort()
  t.same(await sending, { sent: 'aborted' })
})
