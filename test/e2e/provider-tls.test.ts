import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createAuthority } from '../support/certificates.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest } from '../support/gateway.ts'
import { startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'
import { startStubbedGateway, UNDISTURBED } from '../support/stubbed-gateway.ts'

/** A server that nobody is to call, and how often somebody did. */
async function startBystander(t: Test, server: Server = createServer()) {
  let calls = 0
  server.on('connection', () => {
    calls += 1
  })
  server.on('request', (_request, response) => response.end('{"cancel_code":"0000"}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, calls: () => calls }
}

t.test('a redirect is not followed: of a cancel it leaves the outcome unknown', async (t) => {
  const elsewhere = await startBystander(t)
  const { stub, gateway } = await startStubbedGateway(t)
  const location = `http://127.0.0.1:${elsewhere.port}/api/cancel`
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  for (const status of [301, 302, 303, 307, 308]) {
    stub.onCancel((response) => response.writeHead(status, { location }).end())
    const body = refundRequest({ tid: `redirected-${status}` })
    isRefund(t, await gateway.refund(body, `${status}`), 'unknown', { about: `${status}` })
    isRefund(t, await gateway.refund(body, `${status}`), 'unknown', { replayed: true })
  }
  t.equal(stub.cancels.length, 6, 'each was sent once')
  t.equal(elsewhere.calls(), 0)
})

t.test('a redirect of the token call gives no token, and nothing is sent', async (t) => {
  const elsewhere = await startBystander(t)
  const { stub, gateway } = await startStubbedGateway(t)
  stub.onToken((response) =>
    response.writeHead(307, { location: `http://127.0.0.1:${elsewhere.port}/payAuth/token` }).end(),
  )
  isProblem(t, await gateway.refund(refundRequest()), 'provider_unavailable')
  t.equal(elsewhere.calls() + stub.cancels.length, 0)
})

t.test('a proxy of the environment is not used', async (t) => {
  const [proxy, stub, redis] = await Promise.all([startBystander(t), startProviderStub(t), startTestRedis(t)])
  const url = `http://127.0.0.1:${proxy.port}`
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(stub.url, redis, UNDISTURBED),
    ...Object.fromEntries(names.map((name) => [name, url])),
    NODE_USE_ENV_PROXY: '1',
  })
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  t.equal(proxy.calls(), 0)
})

t.test('the provider’s certificate is verified, and so is its name', async (t) => {
  const authority = await createAuthority(t)
  const redis = await startTestRedis(t)
  const named = await authority.issue('localhost', ['localhost'])
  const misnamed = await authority.issue('elsewhere', ['elsewhere.test'])
  const answers = async ({ cert, key }: typeof named, env: Record<string, string>, host = 'localhost') => {
    const server = createTlsServer({ cert, key }) as unknown as Server
    let requests = 0
    server.on('request', () => {
      requests += 1
    })
    const { port } = await startBystander(t, server)
    const providerUrl = `https://${host}:${port}`
    const gateway = await spawnGateway(t, { ...gatewayEnv(providerUrl, redis, UNDISTURBED), ...env })
    const { body } = await gateway.refund(refundRequest())
    t.equal(body.code, 'provider_unavailable', body.detail)
    return requests
  }
  const trusted = { NODE_EXTRA_CA_CERTS: authority.certFile }
  t.equal(await answers(named, {}), 0, 'an authority that nobody vouches for')
  t.equal(await answers(misnamed, trusted), 0, 'another name')
  t.equal(await answers(named, trusted), 1, 'the right one is spoken to')
})
