import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/**
 * A reverse proxy that shows a gateway below a path and strips that, as nginx does with `location /pay/`. Answers where
 * the gateway is then, without a slash at the end.
 */
export async function startPrefixProxy(
  t: Test,
  gatewayUrl: string,
  prefix: string,
  headers: Record<string, string>,
): Promise<string> {
  const proxy = createServer((incoming, response) => {
    const { method, url = '' } = incoming
    if (!url.startsWith(`${prefix}/`)) return response.writeHead(404).end('no such site')
    const { hostname, port } = new URL(gatewayUrl)
    const target = { hostname, port, path: url.slice(prefix.length), method }
    const outgoing = request({ ...target, headers: { ...incoming.headers, ...headers } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(outgoing)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}`
}
