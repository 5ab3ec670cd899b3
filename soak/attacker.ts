// A peer that floods everything that a daemon serves: `node soak/attacker.ts '<JSON of Victims>'`, until it is ended. It
// comes under a new name every few seconds, since daemons close themselves to who misbehaves. Prints what it did, as JSON.

import { createSocket } from 'node:dgram'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createHost, privateKeyOfSeed } from '../src/network/host.ts'
import { encodeDatagram } from '../src/network/udx/datagram-wire.ts'
import { systemClock, systemRandom } from '../src/node/adapters.ts'
import { createRandom } from '../test/sim/random.ts'

export interface Victims {
  readonly seed: string
  /** Attacks a second. */
  readonly rate: number
  readonly victims: readonly { readonly addresses: readonly string[]; readonly api: string }[]
}

const { seed, rate, victims } = JSON.parse(process.argv[2] ?? '') as Victims
const random = createRandom(`attack ${seed}`)
const counts: Record<string, number> = {}
const note = (what: string) => {
  counts[what] = (counts[what] ?? 0) + 1
}

const protocols = [
  ...[
    'share/1',
    'log/1',
    'meet/1',
    'direct/1',
    'device/1',
    'own/1',
    'copies/1',
    'lane/1.0.0',
    'punch/1.0.0',
    'kad/1.0.0',
  ].map((name) => `/peerhood/${name}`),
  '/ipfs/id/1.0.0',
  '/ipfs/id/push/1.0.0',
  '/ipfs/ping/1.0.0',
  '/ipfs/bitswap/1.2.0',
  '/meshsub/1.2.0',
  '/libp2p/circuit/relay/0.2.0/hop',
  '/libp2p/circuit/relay/0.2.0/stop',
  '/libp2p/autonat/1.0.0',
  '/libp2p/dcutr',
]

function nonsense(): Uint8Array {
  switch (random.below(6)) {
    case 0:
      return random.bytes(1 + random.below(100))
    case 1:
      return Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1 + random.below(18))
    case 2:
      return Uint8Array.of(0, 0, 0, 65, 1, ...random.bytes(64))
    case 3:
      return Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)
    case 4:
      return random.bytes(60_000)
    default:
      return new Uint8Array(5)
  }
}

const any = () => random.pick(victims)
const port = (address: string, kind: 'tcp' | 'udp') => Number(new RegExp(`/${kind}/(\\d+)`).exec(address)?.[1] ?? 0)

async function streamOf(node: Libp2p): Promise<void> {
  const protocol = random.pick(protocols)
  const address = random.pick(any().addresses)
  const signal = AbortSignal.timeout(4_000)
  const stream = await node.dialProtocol(multiaddr(address), protocol, { signal })
  note(protocol)
  for (let left = random.below(8); left > 0; left--) stream.send(nonsense())
  // Closed, broken, or left open to see who tires first.
  const end = random.below(3)
  if (end === 0) await stream.close({ signal })
  else if (end === 1) stream.abort(new Error('enough'))
}

function datagrams(): void {
  const addresses = any().addresses.filter((address) => address.includes('/udp/'))
  if (addresses.length === 0) return
  const socket = createSocket('udp4')
  socket.on('error', () => {})
  const to = port(random.pick(addresses), 'udp')
  for (let left = 20; left > 0; left--) {
    const hello = encodeDatagram({
      kind: 'hello',
      token: random.bytes(16),
      stream: 1 + random.below(1_000),
      cookie: random.bytes(16),
    })
    socket.send(random.below(2) === 0 ? hello : random.bytes(1 + random.below(1_400)), to, '127.0.0.1')
  }
  note('datagrams')
  setTimeout(() => socket.close(), 50)
}

function rawTcp(): void {
  const addresses = any().addresses.filter((address) => address.includes('/tcp/'))
  if (addresses.length === 0) return
  const socket = connect(port(random.pick(addresses), 'tcp'), '127.0.0.1')
  socket.on('error', () => {})
  socket.on('data', () => {})
  if (random.below(3) > 0) socket.write(nonsense())
  note('tcp')
  setTimeout(() => socket.destroy(), random.below(3_000))
}

function http(): void {
  const url = new URL(any().api)
  const path = random.pick([
    '/api/status',
    '/api/shares',
    '/api/events',
    '/',
    '/metrics',
    '/api/communities/x/channels',
    '/api/%00',
    '/../..',
  ])
  const headers: Record<string, string> = { authorization: `Bearer ${random.below(1e9)}` }
  if (random.below(4) === 0) headers.host = 'evil.example'
  if (random.below(4) === 0) headers.origin = 'https://evil.example'
  if (random.below(4) === 0) headers.cookie = 'x'.repeat(random.below(9_000))
  const method = random.pick(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'BREW'])
  try {
    const sent = request({ host: url.hostname, port: url.port, path, method, headers, timeout: 3_000 })
    sent.on('error', () => {})
    sent.on('timeout', () => sent.destroy())
    sent.on('response', (answer) => answer.resume())
    // A body that never ends.
    if (method === 'POST' && random.below(2) === 0) sent.write('{"a":')
    else sent.end(random.below(2) === 0 ? '{}' : undefined)
    setTimeout(() => sent.destroy(), 3_000)
    note('http')
  } catch {
    // No request that Node sends.
  }
}

async function newNode(): Promise<Awaited<ReturnType<typeof createHost>>> {
  const silent = { count() {}, gauge() {} }
  const host = await createHost(
    {
      privateKey: await privateKeyOfSeed(random.bytes(32)),
      listen: [],
      agent: 'attacker',
      mdns: false,
      mdnsService: undefined,
      upnp: false,
      encryption: ['tls'],
    },
    { clock: systemClock, random: systemRandom, metrics: silent, gater: {}, onLanPeer: () => {} },
  )
  await host.start()
  note('names')
  return host
}

process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0))
})

for (;;) {
  const host = await newNode()
  const untilMs = performance.now() + 2_500
  while (performance.now() < untilMs) {
    const dice = random.below(10)
    if (dice < 6) void streamOf(host).catch(() => note('refused'))
    else if (dice < 7) datagrams()
    else if (dice < 8) rawTcp()
    else http()
    await wait(1_000 / rate)
  }
  await host.stop()
}
