// What strangers try on `/peerhood/direct/1`, in a simulated network: nonsense, silence, floods, requests of others, and
// computers that answer with what they should not.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { createVirtualClock, type VirtualClock } from '../../../test/sim/clock.ts'
import { createNet, type SimNetwork } from '../../../test/sim/network.ts'
import { createRandom, type SeededRandom } from '../../../test/sim/random.ts'
import { addressOf, lineLog } from '../../../test/support/meet.ts'
import type { Identity } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerStream } from '../../network/types.ts'
import type { Communities, CommunityAccess, CommunityFacts } from '../types.ts'
import { contactKeyOf, formatContactLink } from './contact-link.ts'
import {
  blocksMax,
  framesBurst,
  framesPerHour,
  futureMsMax,
  requestBytesMax,
  stepTimeoutMs,
  talksMax,
} from './limits.ts'
import { createDirect, createDirectBlocks } from './service.ts'
import type { DirectStore } from './store.ts'
import { deviceFrom, requestOf, signedBy, type TestDevice } from './testing.ts'
import type { Direct } from './types.ts'
import { createDecoder, directProtocol, encodeFrame, type Frame, refuse } from './wire.ts'

interface Talk {
  ended(): boolean
  sendBytes(bytes: Uint8Array): void
  close(): void
  /** Sends frames; what comes back first, or undefined when the stream ended. */
  say(...frames: Frame[]): Promise<Frame | undefined>
}

interface Stranger {
  readonly device: TestDevice
  readonly network: SimNetwork
  dial(to: TestDevice): Promise<Talk>
}

interface Person {
  readonly device: TestDevice
  readonly network: SimNetwork
  readonly direct: Direct
  readonly lines: string[]
  readonly store: DirectStore
}

interface Room {
  readonly clock: VirtualClock
  readonly random: SeededRandom
  person(): Promise<Person>
  stranger(): Stranger
  /** Asks with its own device; what the answer is. */
  ask(from: Stranger, to: Person, more?: Parameters<typeof requestOf>[2]): Promise<Frame | undefined>
  until(what: string, condition: () => boolean, limitMs?: number): Promise<void>
  hurry<Value>(work: Promise<Value>): Promise<Value>
}

function roomOf(t: TestContext): Room {
  const clock = createVirtualClock()
  const random = createRandom(t.name)
  const net = createNet(clock, random.fork('net'))
  const stops: (() => Promise<void>)[] = []
  t.after(async () => {
    for (const stop of stops) await stop()
  })
  const settle = async () => {
    for (let turn = 0; turn < 8; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const until = async (what: string, condition: () => boolean, limitMs = 120_000) => {
    const limit = clock.monotonicMs() + limitMs
    await settle()
    while (!condition()) {
      if (!clock.advance(limit)) throw new Error(`not within ${limitMs} ms: ${what}`)
      await settle()
    }
  }
  const hurry = async <Value>(work: Promise<Value>, limitMs?: number): Promise<Value> => {
    let over = false
    const end = () => {
      over = true
    }
    work.then(end, end)
    await until('work', () => over, limitMs)
    return work
  }

  /** A computer whose communities only remember what was asked of them. */
  async function person(): Promise<Person> {
    const device = deviceFrom(random)
    const network = net.join(device.id, { up: 12_500_000, delayMs: 5 })
    const lines: string[] = []
    const facts: CommunityFacts[] = []
    const identity = {
      ...{ did: device.person, deviceCertificate: device.certificate, deviceName: 'desk' },
    } as unknown as Identity
    const { store } = createDirectBlocks(new DatabaseSync(':memory:'), () => device.person)
    const made = (id: CommunityId) => {
      const one = { id, phase: 'open' } as CommunityFacts
      facts.push(one)
      return one
    }
    const direct = createDirect({
      ...{
        clock,
        random: random.fork(device.id),
        log: lineLog(lines),
        identity,
        network,
        store,
        sign: signedBy(device),
      },
      communities: {
        list: () => facts,
        forget: async (id: CommunityId) => void facts.splice(facts.findIndex((one) => one.id === id) >>> 0, 1),
        on: () => () => {},
      } as unknown as Communities,
      gate: {
        found: async () => made('f0'.repeat(32) as CommunityId),
        invite: async (community) => ({
          ...{ community, seed: random.bytes(32), access: random.bytes(32) as CommunityAccess, peers: [] },
        }),
        take: async ({ community }) => made(community),
        blocksChanged() {},
      },
      selfAddress: () => addressOf(device.id),
      writeFirst: async () => {},
    })
    await direct.start()
    stops.push(
      () => direct.stop(),
      () => network.stop(),
    )
    return { device, network, direct, lines, store }
  }

  function stranger(): Stranger {
    const device = deviceFrom(random)
    const network = net.join(device.id, { up: 12_500_000, delayMs: 5 })
    stops.push(() => network.stop())
    const dial = async (to: TestDevice) => {
      await hurry(network.connect(addressOf(to.id), { source: 'manual' }))
      return talkOf(await hurry(network.openStream(to.id, directProtocol)))
    }
    return { device, network, dial }
  }

  function talkOf(stream: PeerStream): Talk {
    const received: Frame[] = []
    let ended = false
    const read = async () => {
      const decoder = createDecoder((frame) => received.push(frame))
      try {
        for await (const chunk of stream.incoming) decoder.push(chunk)
      } catch {
        // Cut: what most of these conversations come to.
      }
      ended = true
    }
    void read()
    return {
      ended: () => ended,
      sendBytes: (bytes: Uint8Array) => void stream.send(bytes),
      close: () => void stream.close(),
      async say(...frames: Frame[]): Promise<Frame | undefined> {
        for (const frame of frames) stream.send(encodeFrame(frame))
        await until('an answer', () => received.length > 0 || ended)
        void stream.close()
        return received[0]
      },
    }
  }

  const ask: Room['ask'] = async (from, to, more = {}) => {
    const { token } = tokenOf(to)
    const { bytes } = requestOf(from.device, to.device.person, { token, ms: clock.nowMs(), ...more })
    return (await from.dial(to.device)).say({ kind: 'ask', bytes })
  }
  return { clock, random, person, stranger, ask, until, hurry }
}

function tokenOf({ direct, store, device }: Person) {
  direct.contact()
  const contact = store.contact(device.person)
  assert.ok(contact !== undefined)
  return contact
}

const blamesOf = ({ network }: Person) => network.blames.map(({ blame }) => `${blame.verdict} ${blame.code}`)

test('a stranger with the link is kept; without it, or from the future, not', async (t) => {
  const room = roomOf(t)
  const ben = await room.person()
  assert.equal((await room.ask(room.stranger(), ben))?.kind, 'pending')
  assert.deepEqual(await room.ask(room.stranger(), ben, { token: undefined }), refuse('link_needed'))
  assert.deepEqual(await room.ask(room.stranger(), ben, { token: new Uint8Array(32) }), refuse('link_needed'))
  assert.deepEqual(
    await room.ask(room.stranger(), ben, { ms: room.clock.nowMs() + futureMsMax + 1_000 }),
    refuse('clock'),
  )
  const old = tokenOf(ben).token
  ben.direct.renewContact()
  assert.deepEqual(await room.ask(room.stranger(), ben, { token: old }), refuse('link_needed'))
  ben.direct.changeContact({ who: 'nobody' })
  assert.deepEqual(await room.ask(room.stranger(), ben), refuse('closed'))
  assert.equal(ben.direct.requests().length, 1)
  assert.deepEqual(blamesOf(ben), [])
})

const wrong: readonly [string, (room: Room, ben: Person) => Promise<Uint8Array>, string][] = [
  [
    'the request of somebody else, played back',
    async (room, ben) => requestOf(room.stranger().device, ben.device.person, { token: tokenOf(ben).token }).bytes,
    'direct_certificate_wrong',
  ],
  ['no request', async () => new Uint8Array([1, 2, 3]), 'direct_request_malformed'],
]
for (const [name, make, code] of wrong) {
  test(`${name} costs the connection`, async (t) => {
    const room = roomOf(t)
    const ben = await room.person()
    const talk = await room.stranger().dial(ben.device)
    const answer = await talk.say({ kind: 'ask', bytes: await make(room, ben) })
    assert.equal(answer, undefined)
    assert.ok(talk.ended())
    assert.deepEqual(blamesOf(ben), [`reject ${code}`])
    assert.deepEqual(ben.direct.requests(), [])
    assert.ok(ben.lines.some((line) => line.includes(code)))
  })
}

test('a request that another device has signed costs the connection', async (t) => {
  const room = roomOf(t)
  const ben = await room.person()
  const stranger = room.stranger()
  const liar = { ...stranger.device, seed: deviceFrom(room.random).seed }
  const { bytes } = requestOf(liar, ben.device.person, { token: tokenOf(ben).token, ms: room.clock.nowMs() })
  assert.equal(await (await stranger.dial(ben.device)).say({ kind: 'ask', bytes }), undefined)
  assert.deepEqual(blamesOf(ben), ['reject direct_signature_wrong'])
})

const nonsense: readonly [
  string,
  (talk: Awaited<ReturnType<ReturnType<ReturnType<typeof roomOf>['stranger']>['dial']>>) => void,
  string,
][] = [
  ['noise', (talk) => talk.sendBytes(new Uint8Array(100_000).fill(200)), 'reject direct_frame_kind_unknown'],
  [
    'an answer where a question belongs',
    (talk) => talk.sendBytes(encodeFrame({ kind: 'done' })),
    'reject direct_frame_out_of_order',
  ],
  ['a frame that claims to be huge', (talk) => talk.sendBytes(hugeHead()), 'reject direct_frame_too_long'],
  [
    'half a frame',
    (talk) => {
      talk.sendBytes(encodeFrame(refuse('busy')).subarray(0, 6))
      talk.close()
    },
    'ignore direct_frame_cut',
  ],
  [
    'two at once',
    (talk) => talk.sendBytes(Uint8Array.from([...cancelFrame(), ...cancelFrame()])),
    'reject direct_frame_out_of_order',
  ],
  ['nothing at all', () => {}, 'ignore direct_silent'],
]
for (const [name, send, blame] of nonsense) {
  test(`a stranger that sends ${name}`, async (t) => {
    const room = roomOf(t)
    const ben = await room.person()
    const talk = await room.stranger().dial(ben.device)
    send(talk)
    await room.until('the end', talk.ended, 2 * stepTimeoutMs)
    assert.deepEqual(blamesOf(ben), [blame])
  })
}

function hugeHead(): Uint8Array {
  const head = new Uint8Array(5)
  new DataView(head.buffer).setUint32(0, requestBytesMax + 2)
  head[4] = 1
  return head
}

function cancelFrame(): Uint8Array {
  return encodeFrame({ kind: 'cancel', id: 'ab'.repeat(32) as never })
}

test('one peer may ask so often, and a flood fills neither tables nor log', async (t) => {
  const room = roomOf(t)
  const ben = await room.person()
  const stranger = room.stranger()
  const answers: (string | undefined)[] = []
  for (let at = 0; at < framesBurst + 5; at++) {
    const frame = await room.ask(stranger, ben, { community: at.toString(16).padStart(64, '0') })
    answers.push(frame?.kind === 'refuse' ? frame.reason : frame?.kind)
  }
  assert.deepEqual(
    answers.slice(0, framesBurst),
    Array.from({ length: framesBurst }, () => 'pending'),
  )
  assert.deepEqual(
    answers.slice(framesBurst),
    Array.from({ length: 5 }, () => 'busy'),
  )
  assert.equal(ben.direct.requests().length, 1, 'one person has one request')
  assert.ok(ben.lines.length < 5)
  let waited = false
  room.clock.after(3_600_000 / framesPerHour, () => {
    waited = true
  })
  await room.until('a pause', () => waited, 3_600_000)
  assert.equal((await room.ask(stranger, ben))?.kind, 'pending')
})

test('withdrawals and decisions of strangers change nothing', async (t) => {
  const room = roomOf(t)
  const [ben, eve] = [await room.person(), room.stranger()]
  await room.ask(room.stranger(), ben)
  const [request] = ben.direct.requests()
  assert.deepEqual(await (await eve.dial(ben.device)).say({ kind: 'cancel', id: request?.id as never }), {
    kind: 'done',
  })
  assert.equal(ben.direct.requests().length, 1)
  const to = await room.person()
  const ask = await room.hurry(ben.direct.ask({ to: to.direct.contact().link, memberName: 'Ben', text: 'Hello' }))
  const frame: Frame = { kind: 'decided', id: ask.id, how: 'refused' }
  assert.deepEqual(await (await eve.dial(ben.device)).say(frame), { kind: 'done' })
  assert.notEqual(ben.direct.asks()[0]?.state, 'refused')
})

const lies: readonly [string, Frame | Uint8Array | undefined, string | undefined][] = [
  ['a question', { kind: 'ask', bytes: new Uint8Array([1]) }, undefined],
  ['noise', new Uint8Array(1_000).fill(200), 'reject direct_frame_kind_unknown'],
  ['nothing', undefined, 'ignore direct_silent'],
]
for (const [name, answer, blame] of lies) {
  test(`a computer that answers a request with ${name} is asked again, later`, async (t) => {
    const room = roomOf(t)
    const ben = await room.person()
    const liar = room.stranger()
    let asked = 0
    await liar.network.handle(
      directProtocol,
      async (stream) => {
        asked += 1
        const chunks = stream.incoming[Symbol.asyncIterator]()
        await chunks.next()
        if (answer instanceof Uint8Array) stream.send(answer)
        else if (answer !== undefined) stream.send(encodeFrame(answer))
        while ((await chunks.next()).done !== true) {}
      },
      { streamsPerPeerMax: 16 },
    )
    const link = formatContactLink({
      ...{ person: liar.device.person, token: new Uint8Array(32), name: 'Lee', peers: [addressOf(liar.device.id)] },
    })
    await room.hurry(liar.network.provide(contactKeyOf(new Uint8Array(32))))
    await room.hurry(ben.direct.ask({ to: link, memberName: 'Ben', text: 'Hello' }))
    await room.until('it was asked', () => asked > 0)
    let over = false
    room.clock.after(4 * stepTimeoutMs, () => {
      over = true
    })
    await room.until('a while', () => over)
    assert.equal(ben.direct.asks()[0]?.state, 'waiting')
    assert.ok(blame === undefined || blamesOf(ben).includes(blame), blamesOf(ben).join())
    assert.ok(asked < 12)
  })
}

test('so many are heard at once; who says nothing makes room', async (t) => {
  const room = roomOf(t)
  const ben = await room.person()
  const silent: Talk[] = []
  for (let at = 0; at < talksMax; at++) silent.push(await room.stranger().dial(ben.device))
  const late = room.stranger()
  assert.equal(await room.ask(late, ben), undefined)
  assert.deepEqual(blamesOf(ben), [])
  await room.until('the silent are gone', () => silent.every((talk) => talk.ended()), 2 * stepTimeoutMs)
  assert.equal((await room.ask(late, ben))?.kind, 'pending')
})

test('so many are blocked, and none is forgotten for another', async (t) => {
  const room = roomOf(t)
  const ben = await room.person()
  for (let at = 0; at < blocksMax; at++) {
    ben.store.putBlockChange(ben.device.person, { person: `did:key:${at}` as never, name: '', ms: at, blocked: true })
  }
  const eve = room.stranger().device.person
  await assert.rejects(ben.direct.block(eve), { code: 'direct_blocks_too_many' })
  await assert.rejects(ben.direct.unblock(eve), { code: 'direct_not_blocked' })
  ben.store.putBlockChange(ben.device.person, { person: 'did:key:0' as never, name: '', ms: 1, blocked: false })
  assert.equal((await ben.direct.block(eve)).person, eve)
  assert.equal(ben.direct.blocked().length, blocksMax)
})
