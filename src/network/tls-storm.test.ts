// TLS on the socket itself under a storm of faults: a relay that resets, cuts, stalls and garbles at any byte, peers by
// hand that send rubbish, and aborts of our own at any moment. It runs in a process of its own, because what it looks
// for, next to what stays behind, is the death of that process in native code.
//
// STORM_CONNECTIONS=5000 makes it longer; STORM_SEED=… makes other choices; timing is never the same.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createHost, type Host, privateKeyOfSeed } from './host.ts'
import { handshakeTimeoutMs } from './limits.ts'
import { memoryMetrics, testClock, testRandom, until } from './testing.ts'
import { echo } from './tls-testing.ts'

const protocol = '/peerhood-test/storm/1'
const mebibyte = 1024 * 1024
const workers = 12
const connections = Number(process.env.STORM_CONNECTIONS ?? 120)
const strangerPeerId = '12D3KooWGwcY5ncnvPXZf5xVmQzoGwDLvM4a4r6LdFb3yRQpkqUr'

// ---- the choices, all from one seed

type Random = () => number

/** mulberry32: good enough to choose faults by. */
function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T
}

/** Where in a connection's bytes, both directions counted together: before, within or after the handshake. */
function faultAt(random: Random): number {
  return Math.floor(random() * pick(random, [1, 60, 600, 4_000, 100_000, 2 * mebibyte]))
}

// ---- the relay between the two hosts

const relayFaults = [
  'none',
  'none',
  'reset near',
  'reset far',
  'reset both',
  'end',
  'garble',
  'insert',
  'stall',
] as const
type RelayFault = (typeof relayFaults)[number]

function disturb(fault: RelayFault, near: Socket, far: Socket, to: Socket, random: Random): void {
  if (fault === 'reset near' || fault === 'reset both') near.resetAndDestroy()
  if (fault === 'reset far' || fault === 'reset both') far.resetAndDestroy()
  if (fault === 'end') to.end()
  if (fault === 'insert') to.write(testRandom.bytes(1 + Math.floor(random() * 20_000)))
  if (fault === 'stall') {
    for (const socket of [near, far]) socket.pause()
    // Often long enough to fill every buffer on the way.
    void pause(random() * 400).then(() => pick(random, [near, far]).resetAndDestroy())
  }
}

function forward(from: Socket, to: Socket, onData: (chunk: Buffer, to: Socket) => void): void {
  from.on('error', () => {})
  from.on('data', (chunk: Buffer) => {
    onData(chunk, to)
    if (!to.destroyed && to.writable && !to.write(chunk)) {
      from.pause()
      to.once('drain', () => from.resume())
    }
  })
  from.on('end', () => to.end())
  from.on('close', () => to.destroy())
}

async function startRelay(targetPort: number, random: Random): Promise<Server> {
  const relay = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1')
    const fault = pick(random, relayFaults)
    let left = faultAt(random)
    const onData = (chunk: Buffer, to: Socket) => {
      if (left < 0) return
      left -= chunk.length
      if (left >= 0) return
      if (fault === 'garble') chunk.writeUInt8(chunk.readUInt8(0) ^ 0xff, 0)
      else disturb(fault, near, far, to, random)
    }
    forward(near, far, onData)
    forward(far, near, onData)
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return relay
}

// ---- a peer by hand: negotiates, then sends no TLS, or the start of it

async function sendRubbish(port: number, random: Random, isPatient: boolean): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const negotiation = Buffer.from('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')
  const hello = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])
  const garbage = testRandom.bytes(Math.floor(random() * 50_000))
  socket.write(negotiation.subarray(0, Math.floor(random() * 2 * negotiation.length)))
  socket.write(pick(random, [hello, garbage, Buffer.concat([hello, garbage])]))
  // Some wait for the handshake's timeout.
  if (!isPatient)
    void pause(random() * 100).then(() => pick(random, [() => socket.end(), () => socket.resetAndDestroy()])())
  await closed
}

// ---- the two hosts, and what is done to connections on our side of them

/** Shut, the hosts make no connections: they also do so of their own accord, to look for peers. */
interface Gate {
  isShut: boolean
}

interface World {
  readonly random: Random
  readonly gate: Gate
  readonly server: Host
  readonly serverPort: number
  readonly client: Host
  readonly relays: readonly Server[]
  readonly seen: WeakRef<Connection>[]
}

async function startHost(random: Random, gate: Gate, seen: WeakRef<Connection>[]): Promise<Host> {
  const host = await createHost(
    {
      privateKey: await privateKeyOfSeed(testRandom.bytes(32)),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      agent: 'storm',
      mdns: false,
      mdnsService: undefined,
      upnp: false,
      encryption: ['tls'],
    },
    {
      clock: testClock,
      random: testRandom,
      metrics: memoryMetrics(),
      gater: {
        denyDialPeer: () => gate.isShut,
        denyDialMultiaddr: () => gate.isShut,
        denyInboundEncryptedConnection: () => random() < 0.05,
        denyOutboundEncryptedConnection: () => random() < 0.05,
        denyInboundUpgradedConnection: () => random() < 0.05,
      },
      onLanPeer: () => {},
    },
  )
  await host.handle(protocol, echo, { maxInboundStreams: 256 })
  host.addEventListener('connection:open', ({ detail }) => seen.push(new WeakRef(detail)))
  await host.start()
  return host
}

async function exchange(stream: Stream, bytes: number): Promise<number> {
  const send = async () => {
    const chunk = new Uint8Array(65_536)
    for (let sent = 0; sent < bytes; sent += chunk.length) if (!stream.send(chunk)) await stream.onDrain()
    await stream.close()
  }
  const receive = async () => {
    let received = 0
    for await (const part of stream) received += part.byteLength
    return received
  }
  const [received] = await Promise.all([receive(), send()])
  return received
}

const ignore = () => {}
const enough = new Error('enough')
type LocalFault = (connection: Connection, stream: Stream | undefined, world: World) => void
const localFaults: readonly LocalFault[] = [
  ignore,
  (connection) => connection.abort(enough),
  (connection) => void connection.close().catch(ignore),
  (_connection, stream) => stream?.abort(enough),
  (_connection, stream) => void stream?.close().catch(ignore),
  (connection) => {
    connection.abort(enough)
    connection.abort(enough)
  },
  (connection) => {
    void connection.close().catch(ignore)
    connection.abort(enough)
  },
  (connection, _stream, { server }) => {
    connection.abort(enough)
    for (const other of server.getConnections())
      if (other.timeline.open > connection.timeline.open - 50) other.abort(enough)
  },
  (_connection, _stream, { server, random }) => pick(random, server.getConnections())?.abort(enough),
]

async function disturbed(world: World, relay: Server): Promise<void> {
  const { random, client } = world
  const { port } = relay.address() as AddressInfo
  const expected = random() < 0.05 ? `/p2p/${strangerPeerId}` : ''
  // Every sixth dial is given up, often in the middle of its handshake.
  const signal = AbortSignal.timeout(random() < 0.16 ? Math.floor(random() * 60) : 2 * handshakeTimeoutMs)
  const connection = await client.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}${expected}`), { signal })
  const streams = [connection.newStream(protocol), connection.newStream(protocol)]
  const exchanges = streams.map((opening) => opening.then((stream) => exchange(stream, mebibyte)))
  const settled = Promise.allSettled(exchanges)
  await pause(random() * 80)
  const stream = await Promise.race([streams[0], pause(20, undefined)]).catch(ignore)
  pick(random, localFaults)(connection, stream ?? undefined, world)
  await Promise.race([settled, pause(500)])
  connection.abort(enough)
  await settled
}

async function startWorld(random: Random): Promise<World> {
  const seen: WeakRef<Connection>[] = []
  const gate = { isShut: false }
  const [server, client] = [await startHost(random, gate, seen), await startHost(random, gate, seen)]
  const serverPort = portOf(server)
  const relays = await Promise.all(Array.from({ length: workers }, () => startRelay(serverPort, random)))
  return { random, gate, server, serverPort, client, relays, seen }
}

function portOf(host: Host): number {
  return Number(/tcp\/(\d+)/.exec(String(host.getMultiaddrs()[0]))?.[1])
}

async function storm(world: World, count: number): Promise<void> {
  let left = count
  const rubbish: Promise<void>[] = []
  const work = async (relay: Server) => {
    while (left-- > 0) {
      if (world.random() < 0.15) rubbish.push(sendRubbish(world.serverPort, world.random, false))
      else await disturbed(world, relay).catch(ignore)
    }
  }
  await Promise.all(world.relays.map(work))
  await Promise.all(rubbish)
}

// ---- what must hold afterwards

const socketCount = () =>
  process.getActiveResourcesInfo().filter((name) => /^(TCPSocketWrap|TLSWRAP)$/i.test(name)).length

async function assertNothingLeft({ gate, server, client, seen }: World): Promise<void> {
  gate.isShut = true
  // What is healthy can be ended, what leaked can't.
  const endAll = () => {
    const open = [server, client].flatMap((host) => host.getConnections())
    for (const connection of open) connection.abort(enough)
    return open.length === 0
  }
  await until('no connection is left', endAll)
  await until('no socket is left', () => endAll() && socketCount() === 0)
  assert.ok(globalThis.gc, 'run with --expose-gc')
  const alive = () => {
    globalThis.gc?.()
    return seen.filter((connection) => connection.deref() !== undefined).length
  }
  await until('connections are forgotten', () => alive() < 10, 30_000)
  gate.isShut = false
}

async function assertServes({ server, client }: World): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      // The gater still refuses some.
      const connection = await client.dial(server.getMultiaddrs())
      assert.equal(await exchange(await connection.newStream(protocol), mebibyte), mebibyte)
      await connection.close()
      return
    } catch (error) {
      if (attempt === 10) throw error
    }
  }
}

async function main(seed: number): Promise<void> {
  const world = await startWorld(seeded(seed))
  await assertServes(world)
  await assertNothingLeft(world)
  const before = process.memoryUsage()
  const patient = Array.from({ length: 8 }, () => sendRubbish(world.serverPort, world.random, true))
  await storm(world, connections)
  await Promise.all(patient)
  await assertNothingLeft(world)
  const after = process.memoryUsage()
  const grownBytes = after.heapUsed + after.external - before.heapUsed - before.external
  assert.ok(grownBytes < 16 * mebibyte, `memory grew by ${grownBytes} bytes`)
  await assertServes(world)
  const last = storm(world, 40)
  await pause(300)
  await Promise.all([world.server.stop(), world.client.stop()])
  for (const relay of world.relays) relay.close()
  await last
  await assertNothingLeft(world)
  console.log(JSON.stringify({ upgraded: world.seen.length, grownBytes, rssBytes: after.rss - before.rss }))
}

if (process.env.STORM_CHILD === undefined) {
  test(`${connections} connections with faults`, async (t) => {
    const seed = Number(process.env.STORM_SEED ?? 1)
    const { NODE_TEST_CONTEXT: _ours, ...env } = process.env
    const child = fork(import.meta.filename, [], {
      env: { ...env, STORM_CHILD: '1', STORM_SEED: String(seed) },
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    t.after(() => child.kill('SIGKILL'))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
    const [code, signal] = await once(child, 'close')
    t.diagnostic(output)
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `STORM_SEED=${seed}\n${output}`)
  })
} else {
  // Nothing may be left that keeps the process alive, either: it ends by itself.
  process.disconnect()
  await main(Number(process.env.STORM_SEED))
}
