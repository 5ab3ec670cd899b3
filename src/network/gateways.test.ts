// Routers that open ports, and what else may answer on a local network: descriptions of every kind, silence, endless talk.
// Finding one by multicast, with a whole daemon, is test/e2e/upnp.test.ts.

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { createManualClock } from '../../test/support/clock.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { controlOf, locationOf, refusalOf, searchTargets, textOf } from './gateway-wire.ts'
import { openRouter } from './gateways.ts'
import { gatewayReplyMaxBytes, gatewayTimeoutMs, portRenewIntervalMs, portTriesMax } from './limits.ts'
import { testRandom, until } from './testing.ts'

const here = '127.0.0.1'
const service = 'urn:schemas-upnp-org:service:WANIPConnection:1'
const description = (url: string) =>
  `<service><serviceType>urn:other</serviceType><controlURL>/no</controlURL></service>
   <service><serviceType>${service}</serviceType><controlURL>${url}</controlURL></service>`
const fault = (code: number) => `<errorCode>${code}</errorCode>`
const isNotMapped = (error: unknown) => isPeerhoodError(error) && error.code === 'port_not_mapped'

/** A router at `here`: what it answers to each action, and the actions that it was asked for, with their ports. */
async function routerWith(t: TestContext, answer: (action: string, response: ServerResponse) => void) {
  const asked: string[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    if (request.method === 'GET') return response.end(description('/control'))
    const action = String(request.headers.soapaction).split('#')[1]?.replace('"', '') ?? ''
    asked.push(`${action} ${textOf(body, 'NewExternalPort') ?? ''}`.trim())
    return answer(action, response)
  })
  await new Promise<void>((resolve) => server.listen(0, here, resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const clock = createManualClock()
  const location = new URL(`http://${here}:${(server.address() as AddressInfo).port}/device.xml`)
  const router = await openRouter(location, here, { clock, random: testRandom }, new AbortController().signal)
  assert.ok(router !== undefined)
  return { router, clock, asked }
}

function obliging(action: string, response: ServerResponse): void {
  response.end(action === 'GetExternalIPAddress' ? '<NewExternalIPAddress>1.2.3.4</NewExternalIPAddress>' : '')
}

function refusing(code: number) {
  return (action: string, response: ServerResponse) => {
    if (action !== 'AddPortMapping') return obliging(action, response)
    response.statusCode = 500
    response.end(fault(code))
  }
}

test('a port is asked for again while it is wanted, and closed in the end; then nothing waits', async (t) => {
  const { router, clock, asked } = await routerWith(t, obliging)
  assert.deepEqual(await router.map(4001, here), {
    internalHost: here,
    internalPort: 4001,
    externalHost: '1.2.3.4',
    externalPort: 4001,
    protocol: 'TCP',
  })
  clock.advance(portRenewIntervalMs)
  await until('it is renewed', () => asked.filter((action) => action === 'AddPortMapping 4001').length === 2)
  await router.stop()
  assert.equal(asked.at(-1), 'DeletePortMapping 4001')
  assert.equal(clock.waiting, 0)
})

test('a router where every port is taken is asked for so many', async (t) => {
  const { router, asked } = await routerWith(t, refusing(718))
  await assert.rejects(router.map(4001, here), isNotMapped)
  const ports = asked.filter((action) => action.startsWith('AddPortMapping'))
  assert.equal(ports.length, portTriesMax)
  assert.equal(new Set(ports).size, portTriesMax)
})

test('a router that refuses is not asked twice, and never for an address that it does not lead to', async (t) => {
  const { router, asked } = await routerWith(t, refusing(606))
  await assert.rejects(router.map(4001, here), isNotMapped)
  assert.deepEqual(asked, ['GetExternalIPAddress', 'AddPortMapping 4001'])
  await assert.rejects(router.map(4001, '10.0.0.7'), isNotMapped)
  assert.equal(asked.length, 2)
})

test('a router that says nothing has so long, and one that does not stop may say so much', async (t) => {
  const { router, clock, asked } = await routerWith(t, () => {})
  const silent = assert.rejects(router.externalIp(), isNotMapped)
  await until('it was asked', () => asked.length === 1)
  clock.advance(gatewayTimeoutMs)
  await silent
  const talker = await routerWith(t, (_action, response) => {
    const talk = () => {
      while (!response.destroyed && response.write('x'.repeat(gatewayReplyMaxBytes / 4)));
      if (!response.destroyed) response.once('drain', talk)
    }
    talk()
  })
  await assert.rejects(talker.router.externalIp(), isNotMapped)
})

test('a description leads to no other computer, and what is none to nothing', () => {
  const location = new URL(`http://${here}/device.xml`)
  assert.equal(controlOf(description('/control'), location)?.url.href, `http://${here}/control`)
  assert.equal(controlOf(description(`http://${here}:81/a?b&amp;c`), location)?.url.href, `http://${here}:81/a?b&c`)
  assert.equal(controlOf(description('http://10.0.0.7/control'), location), undefined)
  assert.equal(controlOf(description('file:///etc/passwd'), location), undefined)
  assert.equal(controlOf('<service></service>', location), undefined)
})

test('an answer to a search counts when it is about a router at the address that it came from', () => {
  const answer = (target: string, url: string) => `HTTP/1.1 200 OK\r\nST: ${target}\r\nLocation: ${url}\r\n\r\n`
  for (const target of searchTargets) {
    assert.equal(locationOf(answer(target, `http://${here}:5000/x.xml`), here)?.port, '5000')
  }
  assert.equal(locationOf(answer(searchTargets[0], 'http://10.0.0.7/x.xml'), here), undefined)
  assert.equal(locationOf(answer(searchTargets[0], `https://${here}/x.xml`), here), undefined)
  assert.equal(locationOf(answer('upnp:rootdevice', `http://${here}/x.xml`), here), undefined)
  assert.equal(locationOf(answer(searchTargets[0], 'nonsense'), here), undefined)
})

const pieces = fc.constantFrom(
  '<service>',
  '</service>',
  '<controlURL',
  ' a="',
  '>',
  '<',
  'urn:',
  '<errorCode>',
  '718',
  '\r\n',
  'ST:',
)

test('whatever is said, reading it throws nothing and takes no longer than it is long', () => {
  const location = new URL(`http://${here}/`)
  const readAll = (text: string) => [controlOf(text, location), locationOf(text, here), refusalOf(text)]
  fc.assert(fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => void readAll(parts.join(''))))
  for (const piece of ['<service>', '<service><controlURL ', '<errorCode ', '<a:', 'LOCATION:']) {
    const started = process.cpuUsage()
    readAll(piece.repeat(gatewayReplyMaxBytes / piece.length))
    assert.ok(process.cpuUsage(started).user / 1_000 < (10 * gatewayReplyMaxBytes) / 1024, piece)
  }
})
