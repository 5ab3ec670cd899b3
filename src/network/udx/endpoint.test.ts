// A socket among friends and strangers, in a simulated internet.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Computer, type Packet, World, type WorldOptions } from '../../../test/sim/udp-world.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { noCookie } from './cookies.ts'
import { type Datagram, decodeDatagram, encodeDatagram, encodeSeen } from './datagram-wire.ts'
import { Endpoint } from './endpoint.ts'
import * as limits from './limits.ts'
import type { UdxAddress, UdxStream } from './native.ts'
import type { Observation } from './types.ts'

const never = new AbortController().signal
const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

interface Met {
  readonly stream: UdxStream
  readonly from: UdxAddress
  readonly known: () => void
}

interface Peer {
  readonly endpoint: Endpoint
  readonly computer: Computer
  readonly place: UdxAddress
  readonly met: Met[]
  readonly observed: Observation[]
  readonly counts: Map<string, number>
}

function startPeer(world: World, computer: Computer, port = 4_001): Peer {
  const met: Met[] = []
  const observed: Observation[] = []
  const counts = new Map<string, number>()
  const metrics = {
    count: (_: string, by = 1, labels: Readonly<Record<string, string>> = {}) =>
      void counts.set(labels.why ?? '', (counts.get(labels.why ?? '') ?? 0) + by),
    gauge: () => {},
  }
  const events = {
    onStream: (stream: UdxStream, from: UdxAddress, known: () => void) => void met.push({ stream, from, known }),
    onObserved: (observation: Observation) => void observed.push(observation),
    onDoubt: () => {},
  }
  const random = world.random.fork(`peer ${computer.ip} ${port}`)
  const endpoint = new Endpoint({ udx: computer, clock: world.clock, random, metrics }, events, { ipv6: false })
  endpoint.bind({ host: '0.0.0.0', port })
  return { endpoint, computer, place: { host: computer.ip, port }, met, observed, counts }
}

function scene(options: Partial<WorldOptions> = {}) {
  const world = new World({ seed: 'endpoint', ...options })
  const dialler = startPeer(world, world.computer('203.0.113.1'))
  const listener = startPeer(world, world.computer('203.0.113.2'))
  const sent: Packet[] = []
  world.onPacket = (packet) => void sent.push(packet)
  return { world, dialler, listener, sent }
}

const kindOf = ({ body }: Packet) => (body.kind === 'stream' ? 'stream' : decodeDatagram(body.bytes).kind)
const kindsOf = (packets: readonly Packet[]) => packets.map(kindOf)

let tokens = 0
function tokenOf(n: number): Uint8Array {
  const token = new Uint8Array(16)
  new DataView(token.buffer).setUint32(0, n)
  return token
}

/** A greeting with a token of its own. */
const hello = (more: Partial<Extract<Datagram, { kind: 'hello' }>> = {}) =>
  encodeDatagram({ kind: 'hello', token: tokenOf(++tokens), stream: 7, cookie: noCookie, ...more })

async function heardBy(world: World, stream: UdxStream, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.on('data', (bytes: Uint8Array) => {
    assert.equal(String(bytes), text)
    resolve()
  })
  await world.run(promise, 1_000)
}

test('a greeting, a welcome, and bytes go both ways; the dialler learns where it comes from', async () => {
  const { world, dialler, listener, sent } = scene()
  const stream = await world.run(dialler.endpoint.open(listener.place, never))
  assert.deepEqual(kindsOf(sent), ['hello', 'welcome'])
  assert.deepEqual(dialler.observed, [{ by: listener.place, seen: dialler.place }])
  const [met] = listener.met
  assert.deepEqual(met?.from, dialler.place)
  stream.write('hello')
  await heardBy(world, met?.stream ?? stream, 'hello')
  met?.stream.write('welcome')
  await heardBy(world, stream, 'welcome')
  assert.deepEqual([dialler.endpoint.streams, listener.endpoint.streams], [1, 1])
})

test('lost and repeated greetings make one stream', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const { world, dialler, listener } = scene({ seed: `greetings ${seed}`, lossOf1: 0.2, delayMs: 150, jitterMs: 100 })
    const stream = await world.run(dialler.endpoint.open(listener.place, never))
    await world.pass(1_000)
    assert.equal(listener.met.length, 1)
    stream.write('hello')
    await heardBy(world, listener.met[0]?.stream ?? stream, 'hello')
  }
})

test('where nobody answers it ends after a while, or when told to, and leaves nothing', async () => {
  const { world, dialler, sent } = scene()
  const empty = { host: world.computer('203.0.113.9').ip, port: 1 }
  await assert.rejects(world.run(dialler.endpoint.open(empty, never)), withCode('peer_unreachable'))
  assert.equal(Math.round(world.clock.monotonicMs()), limits.helloTimeoutMs)
  assert.equal(sent.length, 8, 'at 0, 0.1, 0.3, 0.7, 1.5, 2.3, 3.1 and 3.9 s')
  const abort = new AbortController()
  world.clock.after(50, () => abort.abort(new Error('enough')))
  await assert.rejects(world.run(dialler.endpoint.open(empty, abort.signal)), /enough/)
  await assert.rejects(dialler.endpoint.open(empty, AbortSignal.abort(new Error('never mind'))), /never mind/)
  await assert.rejects(world.run(dialler.endpoint.ask(empty, never)), withCode('peer_unreachable'))
  await world.pass(1_000)
  assert.deepEqual([world.clock.pending, dialler.endpoint.streams, dialler.computer.streams.size], [0, 0, 0])
})

test('who is asked says where one comes from', async () => {
  const { world, listener } = scene()
  const router = world.router({
    outside: '203.0.113.7',
    mapping: 'independent',
    filtering: 'port',
    ports: 'random',
  })
  const { endpoint } = startPeer(world, world.computer('10.0.0.2', router))
  const seen = await world.run(endpoint.ask(listener.place, never))
  assert.equal(seen.host, '203.0.113.7')
  assert.notEqual(seen.port, 4_001)
  assert.deepEqual(await world.run(endpoint.ask(listener.place, never)), seen)
})

// ---- strangers

/** Greetings of strangers that are never heard of again. */
function greetAs(world: World, listener: Peer, count: number): void {
  for (let n = 0; n < count; n++) world.forge({ host: '198.51.100.7', port: 1 + n }, listener.place, hello())
}

test('a busy listener wants a cookie first, which costs the dialler one round trip', async () => {
  const { world, dialler, listener, sent } = scene()
  greetAs(world, listener, limits.strangersWithoutCookieMax)
  await world.pass(100)
  assert.equal(listener.met.length, limits.strangersWithoutCookieMax)
  sent.length = 0
  const stream = await world.run(dialler.endpoint.open(listener.place, never))
  assert.deepEqual(kindsOf(sent), ['hello', 'retry', 'hello', 'welcome'])
  stream.write('hello')
  await heardBy(world, listener.met.at(-1)?.stream ?? stream, 'hello')
})

test('more strangers than that are refused, until some have said who they are or have gone', async () => {
  const { world, dialler, listener } = scene()
  const open = async () => (await world.run(dialler.endpoint.open(listener.place, never))).on('error', () => {})
  for (let n = 0; n < limits.strangersMax; n++) await open()
  assert.equal(listener.met.length, limits.strangersMax)
  const startedMs = world.clock.monotonicMs()
  await assert.rejects(world.run(dialler.endpoint.open(listener.place, never)), withCode('peer_unreachable'))
  assert.ok(world.clock.monotonicMs() - startedMs < 100, 'at once')
  listener.met[0]?.known()
  listener.met[0]?.known()
  await open()
  await assert.rejects(open(), withCode('peer_unreachable'))
  listener.met[1]?.stream.destroy()
  await world.pass(100)
  await open()
})

test('a forged sender gets no state beyond the first few, and its victim no more bytes than it sent', async () => {
  const { world, listener, sent } = scene()
  const victim = world.computer('198.51.100.7').ip
  const headers = 28
  const bytesOf = ({ body }: Packet) => {
    if (body.kind === 'datagram') return headers + body.bytes.length
    return headers + 20 + (typeof body.part === 'string' ? 0 : body.part.length)
  }
  // As the transport does with whoever says nothing.
  const giveUp = () => {
    for (const { stream } of listener.met.splice(0)) stream.destroy()
    world.clock.after(5_000, giveUp)
  }
  giveUp()
  let forgedBytes = 0
  let statesMax = 0
  for (let second = 0; second < 30; second++) {
    for (let n = 0; n < 50; n++) {
      const bytes = n % 5 === 0 ? encodeDatagram({ kind: 'ask', token: new Uint8Array(16).fill(n) }) : hello()
      forgedBytes += headers + bytes.length
      world.forge({ host: victim, port: 9 }, listener.place, bytes)
    }
    await world.pass(1_000)
    statesMax = Math.max(statesMax, listener.computer.streams.size)
  }
  const toVictim = sent.filter(({ to }) => to.host === victim)
  const victimBytes = toVictim.reduce((sum, packet) => sum + bytesOf(packet), 0)
  assert.ok(toVictim.length > 500)
  assert.ok(victimBytes <= forgedBytes, `${victimBytes} for ${forgedBytes}`)
  assert.equal(statesMax, limits.strangersWithoutCookieMax)
  // One greeting, and all that ever comes of it.
  sent.length = 0
  await world.pass(10_000)
  const only = hello()
  sent.length = 0
  world.forge({ host: victim, port: 10 }, listener.place, only)
  await world.pass(60_000)
  const answers = sent.filter(({ to }) => to.port === 10)
  assert.deepEqual(kindsOf(answers), ['welcome', 'stream'])
  assert.ok(answers.reduce((sum, packet) => sum + bytesOf(packet), 0) <= headers + only.length)
})

test('answers to strangers have a rate', async () => {
  const { world, listener, sent } = scene()
  const asker = world.computer('198.51.100.7')
  const seconds = 3
  for (let tick = 0; tick < 10 * seconds; tick++) {
    for (let n = 0; n < 200; n++) {
      const bytes = encodeDatagram({ kind: 'ask', token: new Uint8Array(16).fill(n) })
      world.forge({ host: asker.ip, port: 1 }, listener.place, bytes)
    }
    await world.pass(100)
  }
  const answers = sent.filter(({ to }) => to.host === asker.ip).length
  assert.ok(answers <= limits.answersBurst + seconds * limits.answersPerSecond, `${answers}`)
  assert.ok(answers >= limits.answersBurst)
  assert.equal(listener.counts.get('too_many'), 200 * 10 * seconds - answers)
})

test('a token that somebody else has overheard is good for nothing', async () => {
  const { world, dialler, listener, sent } = scene()
  await world.run(dialler.endpoint.open(listener.place, never))
  const greeting = sent[0]?.body
  assert.ok(greeting?.kind === 'datagram')
  sent.length = 0
  const thief = { host: world.computer('198.51.100.7').ip, port: 1 }
  world.forge(thief, listener.place, greeting.bytes)
  world.forge({ host: dialler.place.host, port: 9 }, listener.place, greeting.bytes)
  await world.pass(1_000)
  assert.deepEqual(sent.filter(({ from }) => from.host === listener.place.host).map(kindOf), [])
  assert.equal(listener.met.length, 1)
  // The dialler itself may repeat it.
  world.forge(dialler.place, listener.place, greeting.bytes)
  await world.pass(1_000)
  assert.equal(listener.met.length, 1)
  assert.equal(sent.map(kindOf).at(-1), 'welcome')
})

test('a probe with a token that nobody awaits, and whatever is no datagram of ours, get no answer', async () => {
  const { world, listener, sent } = scene()
  const from = { host: world.computer('198.51.100.7').ip, port: 1 }
  const token = new Uint8Array(16)
  const seen = new Uint8Array(18).fill(1)
  for (const datagram of [
    { kind: 'probe', token },
    { kind: 'refuse', token },
    { kind: 'retry', token, cookie: token },
    { kind: 'welcome', token, stream: 1, seen },
    { kind: 'seen', token, seen },
  ] as const) {
    world.forge(from, listener.place, encodeDatagram(datagram))
  }
  for (const bytes of [new Uint8Array(0), new Uint8Array(64), hello().subarray(1), new Uint8Array(1_500)]) {
    world.forge(from, listener.place, bytes)
  }
  await world.pass(10_000)
  assert.deepEqual(
    sent.filter(({ to }) => to.host === from.host),
    [],
  )
  assert.equal(listener.counts.get('malformed'), 4)
  assert.equal(listener.computer.streams.size, 0)
})

// ---- hostile listeners

test('a listener that says "again" for ever, or answers from everywhere, is not greeted for ever', async () => {
  const { world, dialler, sent } = scene()
  const evil = world.computer('198.51.100.7')
  const place = { host: evil.ip, port: 1 }
  const socket = evil.createSocket()
  socket.bind(place.port, '')
  let turn = 0
  socket.on('message', (bytes, from) => {
    const { token } = decodeDatagram(bytes)
    const cookie = new Uint8Array(16).fill(++turn)
    socket.trySend(encodeDatagram({ kind: 'retry', token, cookie }), from.port, from.host)
    const seen = new Uint8Array(18).fill(1)
    const welcome = encodeDatagram({ kind: 'welcome', token, stream: 1, seen })
    for (let n = 0; n < 100; n++) world.forge({ host: '198.51.100.8', port: 1 + n + 100 * turn }, from, welcome)
  })
  world.computer('198.51.100.8')
  await assert.rejects(world.run(dialler.endpoint.open(place, never)), withCode('peer_unreachable'))
  const greetings = sent.filter(({ from }) => from.host === dialler.place.host)
  const toEvil = greetings.filter(({ to }) => to.host === evil.ip)
  assert.ok(toEvil.length <= 9, `${toEvil.length} to it`)
  assert.ok(greetings.length - toEvil.length < limits.waysMax, `${greetings.length} in all`)
})

// ---- the end

test('who stops lets go of every timer, stream and socket, and tells those who wait', async () => {
  const { world, dialler, listener } = scene()
  const empty = { host: world.computer('203.0.113.9').ip, port: 1 }
  await world.run(dialler.endpoint.open(listener.place, never))
  const token = new Uint8Array(16)
  const punch = {
    token,
    targets: [empty],
    sockets: 3,
    guess: { host: empty.host, ports: [1, 2], perSocket: undefined },
  }
  const ends = [
    dialler.endpoint.open(empty, never),
    dialler.endpoint.ask(empty, never),
    dialler.endpoint.punch({ ...punch, role: 'greet' }, never),
    dialler.endpoint.punch({ ...punch, role: 'await', token: new Uint8Array(16).fill(1) }, never),
  ].map((end) => assert.rejects(end, withCode('network_stopped')))
  await world.pass(150)
  assert.equal(dialler.computer.sockets.size, 7)
  await world.run(Promise.all([dialler.endpoint.close(), ...ends]))
  await dialler.endpoint.close()
  await world.pass(100)
  assert.equal(listener.endpoint.streams, 0, 'the other side is told')
  await world.run(listener.endpoint.close())
  assert.equal(world.clock.pending, 0)
  assert.deepEqual([dialler.computer.sockets.size, dialler.computer.streams.size], [0, 0])
  assert.deepEqual([listener.computer.sockets.size, listener.computer.streams.size], [0, 0])
  await assert.rejects(dialler.endpoint.open(listener.place, never), withCode('network_stopped'))
})

// ---- what the router between does

for (const mapping of ['independent', 'address', 'port'] as const) {
  for (const filtering of ['independent', 'address', 'port'] as const) {
    for (const hairpin of [true, false]) {
      test(`asking shows a router with mapping ${mapping}, filtering ${filtering}, hairpin ${hairpin}`, async () => {
        const { world, dialler: near, listener: far } = scene({ seed: 'look', lossOf1: 0.1 })
        const router = world.router({ outside: '203.0.113.7', mapping, filtering, ports: 'random', hairpin })
        const { endpoint } = startPeer(world, world.computer('10.0.0.2', router))
        const limit = () => {
          const abort = new AbortController()
          world.clock.after(4_000, () => abort.abort(new Error('enough')))
          return abort.signal
        }
        const letsIn = await world.run(endpoint.lookIn(near.place, far.place, limit()))
        assert.deepEqual(letsIn, { otherPort: filtering !== 'port', otherHost: filtering === 'independent' })
        // Where a port is for one destination, the other socket finds the one that `near` saw only if anybody may come in.
        const isFound = mapping === 'independent' || filtering === 'independent'
        assert.equal(await world.run(endpoint.hairpins(near.place, limit())), hairpin && isFound)
        await world.pass(limits.helloTimeoutMs)
        assert.equal(world.clock.pending, 0)
      })
    }
  }
}

test('who asks to be answered elsewhere is answered on its own host only, and by so many sockets at once', async () => {
  const { world, dialler, listener, sent } = scene()
  const victim = startPeer(world, world.computer('203.0.113.66'))
  const reach = (kind: 'reach' | 'reach-apart', to: UdxAddress) =>
    world.forge(dialler.place, listener.place, encodeDatagram({ kind, token: tokenOf(++tokens), seen: encodeSeen(to) }))
  reach('reach', victim.place)
  reach('reach-apart', victim.place)
  await world.pass(100)
  assert.deepEqual(kindsOf(sent), ['reach', 'reach-apart'])
  const elsewhere = { ...dialler.place, port: 9 }
  reach('reach', elsewhere)
  for (let n = 0; n < limits.apartSocketsMax + 4; n++) reach('reach-apart', elsewhere)
  await world.pass(100)
  const answers = sent.filter((packet) => kindOf(packet) === 'seen')
  assert.ok(answers.every(({ to }) => to.host === elsewhere.host && to.port === elsewhere.port))
  const apart = answers.filter(({ from }) => from.port !== listener.place.port)
  assert.deepEqual([answers.length, apart.length], [1 + limits.apartSocketsMax, limits.apartSocketsMax])
})
