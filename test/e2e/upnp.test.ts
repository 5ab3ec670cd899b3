// Routers that open ports when asked: the daemon finds one, has it map its port, and gives the port back when it stops. The
// router is a fake one, on a network of two addresses that nothing outside sees; where no such network can be had the test
// is skipped.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gatewayAnswersMax } from '../../src/network/limits.ts'
import { isAlone, runAlone } from '../support/alone.ts'
import { type GatewayOptions, startFakeGateway } from '../support/fake-gateway.ts'
import { peersOf, until } from './support.ts'

const [router, here, outside] = ['192.168.77.1', '192.168.77.2', '1.2.3.4']
/** Both addresses are on one end of a cable that leads nowhere. */
const setUp = `ip link set lo up && ip link add name lan type veth peer name far && ip link set far up && ip link set lan up
ip addr add ${router}/24 dev lan && ip addr add ${here}/24 dev lan && ip route add 224.0.0.0/4 dev lan`

async function mapPort(t: TestContext, kind: Omit<GatewayOptions, 'address' | 'externalAddress'>) {
  const gateway = await startFakeGateway({ address: router, externalAddress: outside, ...kind })
  t.after(() => gateway.stop())
  const peers = peersOf(t)
  const peer = await peers.start({ args: ['--listen', `/ip4/${here}/tcp/0`, '--no-mdns'] })
  const port = Number(/\/tcp\/(\d+)/.exec(peer.addresses[0] ?? '')?.[1])
  const upnp = async () => (await peer.client.doctor()).checks.find(({ id }) => id === 'upnp')
  const check = await until(
    'the router to be found',
    async () => {
      const found = await upnp()
      return found?.state === 'ok' && found
    },
    25_000,
  )
  assert.match(check.finding, /forwards a port to this computer/)
  const mapped = [...gateway.mappings]
  assert.equal(await peer.stop(), 0)
  assert.deepEqual(gateway.mappings, [], gateway.actions.join())
  return { port, mapped, reads: gateway.reads }
}

async function versionTwo(t: TestContext): Promise<void> {
  const { port, mapped } = await mapPort(t, { version: 2 })
  const mapping = { internalClient: here, internalPort: port, protocol: 'TCP', leaseSeconds: 3_600 }
  assert.deepEqual(mapped, [{ externalPort: port, ...mapping }])
}

async function oldRouter(t: TestContext): Promise<void> {
  const kind = { version: 1, service: 'WANPPPConnection', onlyForEver: true, firstIsTaken: true, chatter: 50 } as const
  const { port, mapped, reads } = await mapPort(t, kind)
  assert.ok(reads > 2 && reads <= 2 * gatewayAnswersMax, `${reads} reads, from each of two addresses`)
  assert.deepEqual([mapped.length, mapped[0]?.internalPort, mapped[0]?.leaseSeconds], [1, port, 0])
  assert.ok((mapped[0]?.externalPort ?? 0) >= 49_152 && mapped[0]?.externalPort !== port)
}

if (!isAlone) test('UPnP, on a network of its own', (t) => runAlone(t, setUp, fileURLToPath(import.meta.url)))
else {
  test('a router of version 2 is found and opens a port, and a stop closes it', versionTwo)
  test('so does one of version 1, for PPP, that opens ports for ever only, and not the first asked for', oldRouter)
}
