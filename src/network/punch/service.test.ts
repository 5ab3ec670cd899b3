// Real peers, of whom one can only be reached through a relay, on loopback and the network of this computer: the connection
// becomes direct; hostile ones get nothing, and the relayed connection stays as it was.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../base/ports.ts'
import type { Host } from '../host.ts'
import { ownInterfaces } from '../lan.ts'
import { punchProtocol } from '../protocol.ts'
import {
  join,
  sendBack,
  startNetwork,
  startStranger,
  type TestNetwork,
  type TestOptions,
  testClock,
  testRandom,
  until,
  viewOf,
} from '../testing.ts'
import type { PeerId } from '../types.ts'
import { loadUdx } from '../udx/native.ts'
import { notDirectSentences } from './core.ts'
import { guessesPerHostPerMinute, punchesPerMinute } from './limits.ts'
import { type Talk, talkOn } from './talk.ts'
import { decodeOffer, encodeOffer, type Offer, start } from './wire.ts'

// Loopback is no place that a peer names to another one.
const outer = ownInterfaces().find(({ family, internal }) => family === 'IPv4' && !internal)?.address
const options = {
  skip: loadUdx() === undefined || outer === undefined ? 'no udx, or no network, on this computer' : false,
}
const udp = ['/ip4/0.0.0.0/udp/0/udx']
const echo = '/peerhood-test/echo/1'
const never = new AbortController().signal

/** Waits a tenth of what it is told to, and knows how many wait. */
function hastyClock(): Clock & { readonly waiting: () => number } {
  let waiting = 0
  return {
    ...testClock,
    after(delayMs, run) {
      waiting += 1
      let isOver = false
      const over = () => {
        if (!isOver) waiting -= 1
        isOver = true
      }
      const cancel = testClock.after(delayMs / 10, () => {
        over()
        run()
      })
      return () => {
        over()
        cancel()
      }
    },
    waiting: () => waiting,
  }
}

/** Somebody that is reached through the relay alone, and how. */
async function startHidden(t: TestContext, more: TestOptions = {}) {
  const relay = await startNetwork(t, { relay: 'always' })
  const hidden = await startNetwork(t, { listen: udp, ...more })
  await join(hidden, relay)
  const relayed = () => hidden.addresses().find((address) => address.includes('/p2p-circuit')) ?? ''
  await until('there is a way through the relay', () => relayed() !== '')
  return { relay, hidden, address: relayed() }
}

const failuresOf = ({ logLines }: TestNetwork) =>
  logLines.filter(({ code }) => code === 'punch_failed').map(({ fields }) => fields.code)
const idOf = (host: Host) => host.peerId.toString() as PeerId

/** A bare node that is connected to the hidden peer by the relay. */
async function stranger(t: TestContext, address: string): Promise<{ host: Host; connection: Connection }> {
  const host = await startStranger(t, { listen: [] })
  return { host, connection: await host.dial(multiaddr(address)) }
}

async function openTalk(connection: Connection): Promise<Talk & { readonly stream: Stream }> {
  const stream = await connection.newStream(punchProtocol, { runOnLimitedConnection: true })
  return Object.assign(talkOn(stream), { stream })
}

const offerOf = (more: Partial<Offer> = {}): Offer => ({
  token: testRandom.bytes(16),
  mapping: 'independent',
  seen: [],
  own: [],
  ...more,
})

/** A UDP port of this computer, and how many datagrams came. */
async function countingSocket(t: TestContext, host: string) {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  let count = 0
  socket.on('message', () => count++)
  socket.bind(0, host)
  await once(socket, 'listening')
  return { place: { host, port: socket.address().port }, count: () => count }
}

// ---- friends

test('a relayed connection becomes a direct one by UDP, while what began by the relay goes on', options, async (t) => {
  const { hidden, address } = await startHidden(t)
  const dialler = await startNetwork(t, { listen: udp })
  await hidden.handle(echo, sendBack, { streamsPerPeerMax: 4 })
  await dialler.connect({ peerId: hidden.self, addresses: [address] }, { source: 'manual' })
  const early = await dialler.openStream(hidden.self, echo)
  const isDirect = (one: TestNetwork, other: TestNetwork) => viewOf(one, other.self)?.path === 'direct'
  await until('both see it direct', () => isDirect(dialler, hidden) && isDirect(hidden, dialler), 10_000)
  const view = viewOf(dialler, hidden.self)
  assert.deepEqual([view?.transport, view?.encryption, view?.direction], ['udp', 'tls', 'outbound'])
  assert.match(view?.pathSentence ?? '', /^Direct, by UDP/)
  const late = await dialler.openStream(hidden.self, echo)
  for (const stream of [early, late]) {
    stream.send(new Uint8Array(1_000))
    await stream.close()
    let bytes = 0
    for await (const chunk of stream.incoming) bytes += chunk.length
    assert.equal(bytes, 1_000)
  }
  const peers = [dialler, hidden]
  const opened = () => peers.map(({ logLines }) => logLines.find(({ code }) => code === 'punch_opened')?.fields)
  await until('both are done', () => !opened().includes(undefined))
  assert.deepEqual(
    opened().map((fields) => [fields?.role, Number(fields?.sent) <= 20]),
    [
      ['greet', true],
      ['await', true],
    ],
  )
})

// ---- what strangers offer

test('what is no offer ends that stream, with a code; the relayed connection stays', options, async (t) => {
  const { hidden, address } = await startHidden(t)
  const { host, connection } = await stranger(t, address)
  const peerId = idOf(host)
  const whole = encodeOffer(offerOf())
  const raw = async (bytes: Uint8Array) => {
    const stream = await connection.newStream(punchProtocol, { runOnLimitedConnection: true })
    stream.send(bytes)
    return stream
  }
  const tries: readonly (readonly [string, () => Promise<Stream>, string])[] = [
    ['malformed', () => raw(Uint8Array.of(3, 1, 2, 3)), 'punch_malformed'],
    ['too long', () => raw(Uint8Array.of(0xff, 0x7f, ...new Uint8Array(1_000))), 'punch_malformed'],
    ['with a length without end', () => raw(new Uint8Array(1_000).fill(0x80)), 'punch_malformed'],
    [
      'without a start',
      async () => {
        const talk = await openTalk(connection)
        await talk.write(whole, never)
        assert.equal(decodeOffer(await talk.read(never)).seen.length, 0)
        await talk.write(Uint8Array.of(9), never)
        return talk.stream
      },
      'punch_malformed',
    ],
    [
      'broken off',
      async () => {
        const stream = await raw(Uint8Array.of(whole.length, ...whole.subarray(0, 10)))
        await stream.close()
        return stream
      },
      'stream_broken',
    ],
  ]
  for (const [what, attempt, code] of tries) {
    const before = failuresOf(hidden).length
    const stream = await attempt()
    await until(`an offer ${what} has failed`, () => failuresOf(hidden).length > before)
    assert.equal(failuresOf(hidden).at(-1), code, what)
    await until('its stream is over', () => stream.status !== 'open')
  }
  assert.equal(connection.status, 'open')
  assert.equal(viewOf(hidden, peerId)?.path, 'relayed')
  assert.equal(viewOf(hidden, peerId)?.pathSentence, notDirectSentences.failed)
})

test('of one peer so many offers are answered in a minute', options, async (t) => {
  const { hidden, address } = await startHidden(t, { clock: hastyClock() })
  const { connection } = await stranger(t, address)
  let answered = 0
  for (let n = 0; n < punchesPerMinute + 4; n++) {
    const talk = await openTalk(connection)
    try {
      await talk.write(encodeOffer(offerOf()), never)
      await talk.read(never)
      answered++
    } catch {}
    talk.stream.abort(new Error('next'))
  }
  assert.equal(answered, punchesPerMinute)
  await until('all have failed', () => failuresOf(hidden).length === punchesPerMinute + 4)
  assert.equal(connection.status, 'open')
})

test('nothing is sent to this computer itself, and only so often much to one host', options, async (t) => {
  const { hidden, address } = await startHidden(t, { clock: hastyClock() })
  const [loopback, other] = [await countingSocket(t, '127.0.0.1'), await countingSocket(t, outer ?? '')]
  const offer = async (connection: Connection, more: Partial<Offer>) => {
    const before = failuresOf(hidden).length
    const talk = await openTalk(connection)
    await talk.write(encodeOffer(offerOf(more)), never)
    await talk.read(never)
    await talk.write(start, never)
    await until('it has failed', () => failuresOf(hidden).length > before)
  }
  const first = await stranger(t, address)
  await offer(first.connection, { seen: [loopback.place], own: [loopback.place] })
  assert.equal(loopback.count(), 0)
  // Each asks for less than it may.
  const hard = { mapping: 'dependent' as const, seen: [other.place] }
  const second = await stranger(t, address)
  for (let n = 0; n < guessesPerHostPerMinute; n++) {
    const { connection } = n < guessesPerHostPerMinute / 2 ? first : second
    const before = other.count()
    await offer(connection, hard)
    await until('much has come', () => other.count() > before)
  }
  const before = other.count()
  await offer(second.connection, hard)
  assert.equal(other.count(), before)
  assert.equal(second.connection.status, 'open')
})

// ---- what strangers answer

/** A bare node that is reached through the relay, and answers offers so. */
async function startAnswering(t: TestContext, answer: (talk: Talk & { readonly stream: Stream }) => Promise<void>) {
  const relay = await startNetwork(t, { relay: 'always' })
  const host = await startStranger(t, { listen: [] })
  await host.handle(punchProtocol, (stream) => void answer(Object.assign(talkOn(stream), { stream })).catch(() => {}), {
    runOnLimitedConnection: true,
  })
  const relayAddress = relay.addresses()[0] ?? ''
  await host.dial(multiaddr(relayAddress))
  const listens = () => host.getMultiaddrs().some((address) => address.toString().includes('/p2p-circuit'))
  await until('it is reached by the relay', listens)
  return { host, address: `${relayAddress}/p2p-circuit/p2p/${host.peerId}` }
}

for (const [what, code, answer] of [
  [
    'is to another offer',
    'punch_malformed',
    async (talk: Talk) => {
      await talk.read(never)
      await talk.write(encodeOffer(offerOf()), never)
    },
  ],
  ['is malformed', 'punch_malformed', (talk: Talk) => talk.write(Uint8Array.of(1, 2, 3), never)],
  ['never comes', 'punch_failed', async () => {}],
  [
    'leads nowhere',
    'punch_failed',
    async (talk: Talk) => {
      const { token } = decodeOffer(await talk.read(never))
      await talk.write(encodeOffer(offerOf({ token, own: [{ host: '192.0.2.255', port: 9 }] })), never)
    },
  ],
] as const) {
  test(`an answer that ${what} leaves the relayed connection, and says why`, options, async (t) => {
    const { host, address } = await startAnswering(t, answer)
    const clock = hastyClock()
    const dialler = await startNetwork(t, { listen: udp, clock })
    await dialler.connect({ peerId: idOf(host), addresses: [address] }, { source: 'manual' })
    await until('it has failed', () => failuresOf(dialler).length > 0)
    assert.equal(failuresOf(dialler)[0], code)
    const view = viewOf(dialler, idOf(host))
    assert.deepEqual([view?.state, view?.path], ['connected', 'relayed'])
    // It is tried again, until the end.
    await until('it has failed again', () => failuresOf(dialler).length > 1)
    await dialler.stop()
    await until('no timer is left', () => clock.waiting() === 0, 2_000)
  })
}

test('a peer that does not speak of direct ways is not asked again', options, async (t) => {
  const relay = await startNetwork(t, { relay: 'always' })
  const host = await startStranger(t, { listen: [] })
  const relayAddress = relay.addresses()[0] ?? ''
  await host.dial(multiaddr(relayAddress))
  const listens = () => host.getMultiaddrs().some((address) => address.toString().includes('/p2p-circuit'))
  await until('it is reached by the relay', listens)
  const dialler = await startNetwork(t, { listen: udp, clock: hastyClock() })
  const address = `${relayAddress}/p2p-circuit/p2p/${host.peerId}`
  await dialler.connect({ peerId: idOf(host), addresses: [address] }, { source: 'manual' })
  const sentence = () => viewOf(dialler, idOf(host))?.pathSentence
  await until('it is known', () => sentence() === notDirectSentences['other-cannot'])
})
