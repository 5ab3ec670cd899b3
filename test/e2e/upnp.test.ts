// A router that opens ports when asked: the daemon finds it, has it map its port, and gives the port back when it stops. The
// router is a fake one, on a network of two addresses that nothing outside sees; where no such network can be had the test
// is skipped.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startFakeGateway } from '../support/fake-gateway.ts'
import { peersOf, until } from './support.ts'

const inside = 'PEERHOOD_TEST_ALONE'
const [router, here, outside] = ['192.168.77.1', '192.168.77.2', '1.2.3.4']
/** What runs `node` in a network namespace of its own. Both addresses are on one end of a cable that leads nowhere. */
const setUp = `ip link set lo up && ip link add lan type veth peer name far && ip link set far up && ip link set lan up
ip addr add ${router}/24 dev lan && ip addr add ${here}/24 dev lan && ip route add 224.0.0.0/4 dev lan && exec "$@"`
const alone = (...command: string[]) => ['-Urn', 'sh', '-c', setUp, 'sh', ...command]

if (process.env[inside] === undefined) test('UPnP, on a network of its own', runInside)
else test('a router is found and opens a port, and a stop closes it', mapPort)

async function runInside(t: { skip(why: string): void }): Promise<void> {
  if (process.platform !== 'linux' || spawnSync('unshare', alone('true')).status !== 0) {
    t.skip('this user may not have a network namespace of their own')
    return
  }
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const command = alone(process.execPath, fileURLToPath(import.meta.url))
  const child = spawn('unshare', command, { env: { ...env, [inside]: '1' }, stdio: ['ignore', 'pipe', 'inherit'] })
  let report = ''
  child.stdout.on('data', (chunk) => {
    report += String(chunk)
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  assert.equal(code, 0, report)
  assert.match(report, /pass 1/)
}

async function mapPort(t: Parameters<typeof peersOf>[0]): Promise<void> {
  const gateway = await startFakeGateway(router, outside)
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
  const mapped = { externalPort: port, internalClient: here, internalPort: port, protocol: 'TCP' }
  assert.deepEqual(gateway.mappings, [mapped])
  assert.equal(await peer.stop(), 0)
  assert.deepEqual(gateway.mappings, [], gateway.actions.join())
}
