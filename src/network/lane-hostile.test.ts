// Hostile peers that dial, and lanes: each of their tricks costs themselves alone. What is refused is closed, nothing of it
// stays behind, and an honest transfer of another peer goes on (`startScene` in lane-testing.ts; the runner fails a test in
// which a rejection or an exception is nobody's). Hostile peers that are dialled: lane-hostile-listener.test.ts.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Stream } from '@libp2p/interface'
import { isPeerhoodError } from '../base/errors.ts'
import { createCertificate } from './certificate.ts'
import {
  dialNegotiated,
  type HandMadeLane,
  type HostileDialler,
  newToken,
  type OpenLane,
  pieceOf,
  type Scene,
  startDialler,
  startScene,
  textOf,
} from './lane-testing.ts'
import { answerBytes, encodeOffer, encodePlace, endOfLane, lengthBytes, offerBytes, placeBytes } from './lane-wire.ts'
import { laneStepTimeoutMs } from './limits.ts'
import { lanesFailedOf, until, viewOf } from './testing.ts'

const options = { timeout: 60_000 }
const mebibyte = 1024 * 1024
const expectedMs = 2 * laneStepTimeoutMs
const bytesOf = (words: string) => Buffer.from(words, 'latin1')

interface HostileScene extends Scene {
  readonly peer: HostileDialler
}

async function startHostileScene(t: TestContext): Promise<HostileScene> {
  const scene = await startScene(t)
  const peer = await startDialler(t, scene.victim)
  scene.mark()
  return { ...scene, peer }
}

/** A stream that the victim serves. */
async function servedStream({ victim, peer }: HostileScene): Promise<Stream> {
  const before = victim.taken.length
  const stream = await peer.openStream()
  await until('the stream is served', () => victim.taken.length > before)
  return stream
}

const reset = (stream: Stream) => stream.abort(new Error('enough'))
const isClosed = (lane: HandMadeLane) => until('the lane is closed', lane.isClosed)
const isOver = (stream: Stream) => until('the stream is over', () => stream.status !== 'open')

/** The connection and its streams are as good as ever. */
async function assertStillServed(scene: HostileScene): Promise<void> {
  const stream = await servedStream(scene)
  const taken = scene.victim.taken.at(-1)
  stream.send(bytesOf('by the connection'))
  await until('it arrives', () => textOf(taken) === 'by the connection')
  await stream.close()
  await until('it ends', () => taken?.isOver === true)
  assert.equal(taken?.error, undefined)
}

// ---- lanes that nobody expects

type Unexpected = (scene: HostileScene, t: TestContext) => Promise<HandMadeLane>

const unexpected: Readonly<Record<string, Unexpected>> = {
  'without an offer': ({ peer }) => peer.dialWith(newToken()),

  'with the token of another peer’s stream, which is still that one’s': async (scene, t) => {
    const { victim, peer } = scene
    const thief = await startDialler(t, victim)
    const stream = await servedStream(scene)
    const { token } = await peer.offer(stream)
    const stolen = await thief.dialWith(token)
    await isClosed(stolen)
    await thief.host.stop()
    const own = await peer.dialWith(token)
    await until('it is bound', () => own.heard().length === 1)
    reset(stream)
    return stolen
  },

  'with a token that was used, whose lane goes on': async ({ peer }) => {
    const { stream, lane, token, taken } = await peer.openLane()
    const again = await peer.dialWith(token)
    await isClosed(again)
    lane.socket.write(encodePlace(0))
    lane.socket.write(pieceOf(bytesOf('by the lane')))
    await until('it arrives', () => textOf(taken) === 'by the lane')
    reset(stream)
    return again
  },

  'for a stream that is over': async (scene) => {
    const { victim, peer } = scene
    const stream = await servedStream(scene)
    const { token } = await peer.offer(stream)
    reset(stream)
    await until('it is over', () => victim.taken[0]?.isOver === true)
    const lane = await peer.dialWith(token)
    await isClosed(lane)
    victim.clock.runOut(expectedMs)
    return lane
  },
}

for (const [name, run] of Object.entries(unexpected)) {
  test(`a lane that nobody expects is closed: ${name}`, options, async (t) => {
    const scene = await startHostileScene(t)
    await scene.during(async () => {
      const lane = await run(scene, t)
      await isClosed(lane)
      assert.equal(lane.heard().length, 0)
    })
    assert.equal(lanesFailedOf(scene.victim, 'admit'), 1)
    await assertStillServed(scene)
    await scene.assertUnharmed()
  })
}

// ---- offers

type Refused = (scene: HostileScene, t: TestContext) => Promise<{ readonly isExpected: boolean }>

const refused: Readonly<Record<string, Refused>> = {
  'a stream that there is not': ({ peer }) => peer.offer({ id: '4000000001' }),

  'a stream of another protocol than ours': async ({ peer }) => {
    const { stream } = await peer.say(new Uint8Array(offerBytes - 1))
    const offer = await peer.offer(stream)
    reset(stream)
    return offer
  },

  'a stream of another peer': async (scene, t) => {
    const { victim, peer } = scene
    const other = await startDialler(t, victim)
    const streams: Stream[] = []
    // More than the first one has: its number is nobody else's.
    for (let n = 0; n < 8; n++) streams.push(await servedStream({ ...scene, peer: other }))
    const offer = await peer.offer(streams.at(-1) as Stream)
    await other.host.stop()
    return offer
  },

  'a stream that has a lane': async ({ peer }) => {
    const { stream } = await peer.openLane()
    const offer = await peer.offer(stream)
    reset(stream)
    return offer
  },

  'a stream that was offered before': async (scene) => {
    const stream = await servedStream(scene)
    const first = await scene.peer.offer(stream)
    assert.equal(first.isExpected, true)
    const second = await scene.peer.offer(stream)
    reset(stream)
    scene.victim.clock.runOut(expectedMs)
    return second
  },

  'another stream with the same token': async (scene) => {
    const [one, other] = [await servedStream(scene), await servedStream(scene)]
    const { token } = await scene.peer.offer(one)
    const second = await scene.peer.offer(other, token)
    for (const stream of [one, other]) reset(stream)
    scene.victim.clock.runOut(expectedMs)
    return second
  },
}

for (const [name, run] of Object.entries(refused)) {
  test(`an offer is refused: ${name}`, options, async (t) => {
    const scene = await startHostileScene(t)
    const { isExpected } = await scene.during(() => run(scene, t))
    assert.equal(isExpected, false)
    await assertStillServed(scene)
    await scene.assertUnharmed()
  })
}

const offer = encodeOffer({ streamId: 1, token: newToken() })

const badOffers: Readonly<Record<string, (scene: HostileScene) => Promise<Stream>>> = {
  'that is cut short': async ({ peer }) => {
    const { stream } = await peer.say(offer.subarray(0, offerBytes - 1))
    await stream.close()
    return stream
  },
  'that is a byte too long': async ({ peer }) => (await peer.say(new Uint8Array(offerBytes + 1))).stream,
  'that is a mebibyte long': async ({ peer }) => (await peer.say(new Uint8Array(mebibyte))).stream,
  'that is never finished': async ({ victim, peer }) => {
    const { stream } = await peer.say(offer.subarray(0, offerBytes - 1))
    await until('it is waited for', () => victim.clock.waiting(laneStepTimeoutMs) > 0)
    victim.clock.runOut(laneStepTimeoutMs)
    return stream
  },
  'that never comes': async ({ victim, peer }) => {
    const { stream } = await peer.say(new Uint8Array(0))
    await until('it is waited for', () => victim.clock.waiting(laneStepTimeoutMs) > 0)
    victim.clock.runOut(laneStepTimeoutMs)
    return stream
  },
}

for (const [name, run] of Object.entries(badOffers)) {
  test(`an offer costs its own stream: one ${name}`, options, async (t) => {
    const scene = await startHostileScene(t)
    await scene.during(async () => isOver(await run(scene)))
    assert.equal(lanesFailedOf(scene.victim, 'offered'), 1)
    assert.equal(scene.peer.connection.status, 'open')
    await assertStillServed(scene)
    await scene.assertUnharmed()
  })
}

test('who answers an offer does not listen on: what follows ends with the stream', options, async (t) => {
  const scene = await startHostileScene(t)
  const { victim, peer } = scene
  const { stream, heard } = await peer.say(encodeOffer({ streamId: 4_000_000_001, token: newToken() }))
  await until('it is answered', () => heard().length === 1)
  stream.send(new Uint8Array(8 * mebibyte))
  await until('it has as long as any stream', () => victim.clock.waiting(laneStepTimeoutMs) > 0)
  victim.clock.runOut(laneStepTimeoutMs)
  await isOver(stream)
  await scene.assertUnharmed()
})

// ---- TLS

const tlsRefused: Readonly<Record<string, (peer: HostileDialler) => Promise<ConnectionOptions>>> = {
  'without a certificate': async () => ({ cert: undefined, key: undefined }),
  'with two certificates': async ({ shown }) => {
    const { cert } = await createCertificate(await generateKeyPair('Ed25519'))
    return { cert: `${shown.cert}${cert}` }
  },
  'with the ALPN of a connection': async () => ({ ALPNProtocols: ['libp2p'] }),
  'with no ALPN': async () => ({ ALPNProtocols: [] }),
  'in an older version': async () => ({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
}

for (const [name, make] of Object.entries(tlsRefused)) {
  test(`a lane is closed in TLS: ${name}`, options, async (t) => {
    const scene = await startHostileScene(t)
    const stream = await servedStream(scene)
    const { token } = await scene.peer.offer(stream)
    await scene.during(async () => isClosed(await scene.peer.dialWith(token, await make(scene.peer))))
    const own = await scene.peer.dialWith(token)
    await until('the right one is still expected', () => own.heard().length === 1)
    reset(stream)
    await scene.assertUnharmed()
  })
}

test('garbage in the place of TLS is closed', options, async (t) => {
  const scene = await startHostileScene(t)
  const raw = await dialNegotiated(t, scene.victim.port)
  await scene.during(async () => {
    raw.resume().write(new Uint8Array(mebibyte).fill(0xff))
    await until('it is closed', () => raw.destroyed)
  })
  await scene.assertUnharmed()
})

test('silence in the place of TLS is closed when a handshake may last no longer', options, async (t) => {
  const scene = await startHostileScene(t)
  const raw = await dialNegotiated(t, scene.victim.port)
  raw.resume()
  await until('it is closed', () => raw.destroyed)
  await scene.assertUnharmed()
})

test('silence after TLS is closed when it has lasted a step', options, async (t) => {
  const scene = await startHostileScene(t)
  const { clock } = scene.victim
  const lane = await scene.peer.dial()
  await until('its token is waited for', () => clock.waiting(laneStepTimeoutMs) > 0)
  clock.runOut(laneStepTimeoutMs)
  await isClosed(lane)
  assert.equal(lanesFailedOf(scene.victim, 'admit'), 1)
  await scene.assertUnharmed()
})

// ---- going on by the lane

/** What happens after the lane is bound; resolves when it has. */
interface Move {
  readonly run: (open: OpenLane, scene: HostileScene) => Promise<void>
  /** What the victim's handler got. */
  readonly received: string
  readonly code: RegExp | undefined
}

/** Goes on by the lane after so many bytes. */
function sayPlace({ lane }: OpenLane, atBytes: number): void {
  lane.socket.write(Buffer.concat([encodePlace(atBytes), pieceOf(bytesOf('by the lane'))]))
}

/** The same, until the victim goes on there, too: it has read the place. */
async function move(open: OpenLane, atBytes: number): Promise<void> {
  sayPlace(open, atBytes)
  await until('the victim goes on there, too', () => open.lane.heard().length === answerBytes + placeBytes)
}

async function moveAndArrive(open: OpenLane): Promise<void> {
  await move(open, textOf(open.taken).length)
  await until('it arrives', () => textOf(open.taken).endsWith('by the lane'))
}

const goesOn: Move['run'] = async ({ stream, lane, taken }) => {
  await isClosed(lane)
  stream.send(bytesOf(', and more'))
  await until('the stream goes on', () => textOf(taken).endsWith(', and more'))
  await stream.close()
}

const moves: Readonly<Record<string, Move>> = {
  'silence after the token: the stream goes on without': {
    run: async (open, scene) => {
      scene.victim.clock.runOut(laneStepTimeoutMs)
      await goesOn(open, scene)
    },
    received: 'ten bytes., and more',
    code: undefined,
  },
  'an end after the token: the stream goes on without': {
    run: async (open, scene) => {
      open.lane.socket.end()
      await goesOn(open, scene)
    },
    received: 'ten bytes., and more',
    code: undefined,
  },
  'half a place and the end: the stream goes on without': {
    run: async (open, scene) => {
      open.lane.socket.end(encodePlace(10).subarray(0, placeBytes - 1))
      await goesOn(open, scene)
    },
    received: 'ten bytes., and more',
    code: undefined,
  },
  'a place past 2^53: the stream goes on without': {
    run: async (open, scene) => {
      open.lane.socket.write(Buffer.concat([new Uint8Array(placeBytes).fill(0xff), bytesOf('by the lane')]))
      await goesOn(open, scene)
    },
    received: 'ten bytes., and more',
    code: undefined,
  },
  'a place before what was sent': {
    run: async (open) => sayPlace(open, 9),
    received: 'ten bytes.',
    code: /^lane_wrong$/,
  },
  'more on the stream than the place said': {
    run: async (open) => {
      await moveAndArrive(open)
      open.stream.send(bytesOf('!'))
    },
    received: 'ten bytes.by the lane',
    code: /^lane_wrong$/,
  },
  'a place never reached, and the end of the stream': {
    run: async (open) => {
      await move(open, Number.MAX_SAFE_INTEGER)
      reset(open.stream)
    },
    received: 'ten bytes.',
    code: /^stream_reset$/,
  },
  'a place, and the end of the connection': {
    run: async (open, { peer }) => {
      await moveAndArrive(open)
      peer.connection.abort(new Error('enough'))
    },
    received: 'ten bytes.by the lane',
    code: /^stream_(reset|broken)$/,
  },
  'a place, and a reset of the socket': {
    run: async (open) => {
      await moveAndArrive(open)
      open.lane.raw.resetAndDestroy()
    },
    received: 'ten bytes.by the lane',
    code: /^stream_broken$/,
  },
  'a place, and the end of the socket, which is no end of the stream': {
    run: async (open) => {
      await moveAndArrive(open)
      open.lane.socket.end()
    },
    received: 'ten bytes.by the lane',
    code: /^stream_broken$/,
  },
  'something after the end of the lane': {
    run: async (open) => {
      await moveAndArrive(open)
      open.lane.socket.write(Buffer.concat([endOfLane, pieceOf(bytesOf('more'))]))
    },
    received: 'ten bytes.by the lane',
    code: undefined,
  },
  'a piece cut short, and the end of the socket': {
    run: async (open) => {
      await moveAndArrive(open)
      open.lane.socket.end(pieceOf(bytesOf(', cut')).subarray(0, lengthBytes))
    },
    received: 'ten bytes.by the lane',
    code: /^stream_broken$/,
  },
  'a place, and the end of the lane and of the stream': {
    run: async (open) => {
      await moveAndArrive(open)
      open.lane.socket.end(endOfLane)
      await open.stream.close()
    },
    received: 'ten bytes.by the lane',
    code: undefined,
  },
}

for (const [name, { run, received, code }] of Object.entries(moves)) {
  test(`a lane that is bound: ${name}`, options, async (t) => {
    const scene = await startHostileScene(t)
    const open = await scene.peer.openLane()
    open.stream.send(bytesOf('ten bytes.'))
    await until('they arrive', () => textOf(open.taken) === 'ten bytes.')
    await scene.during(() => run(open, scene))
    await until('the handler is done', () => open.taken.isOver)
    assert.equal(textOf(open.taken), received)
    if (code === undefined) assert.equal(open.taken.error, undefined)
    else assert.ok(isPeerhoodError(open.taken.error) && code.test(open.taken.error.code), String(open.taken.error))
    if (open.stream.status === 'open') await open.stream.close()
    await isOver(open.stream)
    await isClosed(open.lane)
    await scene.assertUnharmed()
  })
}

test('what comes by the stream past the place is nobody’s, even if it came before anyone read', options, async (t) => {
  const scene = await startHostileScene(t)
  const open = await scene.peer.openLane()
  const { stream, taken } = open
  stream.send(bytesOf('one'))
  await until('it arrives', () => textOf(taken) === 'one')
  const goOn = scene.victim.holdReading()
  stream.send(bytesOf('two'))
  await until('it arrives', () => textOf(taken) === 'onetwo')
  await move(open, 'onetwo'.length)
  stream.send(bytesOf('three'))
  const bytesIn = () => viewOf(scene.victim, scene.peer.id)?.bytesIn
  await until('it has come', () => bytesIn() === 'onetwoby the lanethree'.length)
  goOn()
  await until('the handler is done', () => taken.isOver)
  assert.deepEqual([textOf(taken), taken.error?.code], ['onetwo', 'lane_wrong'])
  await scene.assertUnharmed()
})
