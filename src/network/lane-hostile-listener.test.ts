// Hostile peers that were dialled, and lanes: what fails before the first byte went by the lane costs nothing, the stream
// goes on by the connection; what fails later breaks that stream, with an error that says so. Either way nothing stays
// behind, and an honest transfer to another peer goes on (`startScene` in lane-testing.ts).

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Stream } from '@libp2p/interface'
import { isPeerhoodError } from '../base/errors.ts'
import { createCertificate } from './certificate.ts'
import { networkErrors } from './errors.ts'
import {
  acceptLane,
  acceptNegotiated,
  afterBytes,
  echoProtocol,
  type HostileListener,
  type HostilePeer,
  leavingTimeoutMs,
  listen,
  newToken,
  pieceOf,
  pingPong,
  readPlace,
  readToken,
  type Scene,
  type Shown,
  startListener,
  startScene,
} from './lane-testing.ts'
import { decodePlace, encodeOffer, encodePlace, no, offerBytes, placeBytes, yes } from './lane-wire.ts'
import { laneStepTimeoutMs } from './limits.ts'
import { laneProtocol } from './protocol.ts'
import { lanesFailedOf, lanesOf, until } from './testing.ts'

const options = { timeout: 60_000 }
/** Rounds of 16 KiB each way after which a stream gets a lane. */
const roundsToLane = afterBytes / (2 * 16 * 1024)

/** What a hostile peer does; the promise of the last thing that it does is the scene's `done`. */
interface Trick {
  /** Answers an offer, by yes if absent. */
  readonly answer?: (stream: Stream) => void
  readonly onLane?: (raw: Socket, peer: HostilePeer) => Promise<unknown>
  /** It closes its port, so that no lane comes. */
  readonly isPortClosed?: boolean
  /** When it is done, it waits for ever: a step of the victim's has to run out. */
  readonly isSilent?: boolean
}

interface ListenerScene extends Scene {
  readonly peer: HostileListener
  /** The peer has done what it does. */
  readonly done: Promise<unknown>
}

function sayAndEnd(stream: Stream, bytes: Uint8Array): void {
  stream.send(bytes)
  void stream.close()
}

/** Calls `answer` with each offer that has come whole. */
function onOffers(answer: (stream: Stream) => void): (stream: Stream) => void {
  return (stream) => {
    const { heard } = listen(stream)
    const check = () => {
      if (heard().length < offerBytes) return
      stream.removeEventListener('message', check)
      answer(stream)
    }
    stream.addEventListener('message', check)
    check()
  }
}

async function startListenerScene(t: TestContext, trick: Trick): Promise<ListenerScene> {
  const scene = await startScene(t, 'dials')
  const done = Promise.withResolvers<unknown>()
  const isOfLane = trick.onLane !== undefined
  const onOffer = onOffers((stream) => {
    const answer = trick.answer ?? ((asked: Stream) => sayAndEnd(asked, yes))
    answer(stream)
    if (!isOfLane) done.resolve(undefined)
  })
  const onLane = (raw: Socket, self: HostilePeer) => {
    // When it fails, the victim has ended the lane; what that means for the victim is what is tested.
    if (trick.onLane !== undefined) done.resolve(trick.onLane(raw, self).catch(() => {}))
  }
  const peer = await startListener(t, scene.victim, { onOffer, onLane: trick.isPortClosed ? undefined : onLane })
  scene.mark()
  return { ...scene, peer, done: done.promise }
}

const steps = ['offer', 'connect', 'bind', 'move']
/** The steps at which lanes of the victim's have failed. */
const failures = ({ victim }: Scene): string[] => steps.flatMap((step) => Array(lanesFailedOf(victim, step)).fill(step))

async function hasFailed(scene: ListenerScene, { isSilent }: Trick): Promise<void> {
  await scene.done
  if (isSilent) scene.victim.clock.runOut(laneStepTimeoutMs)
  await until('the lane has failed', () => failures(scene).length > 0)
}

// ---- before anything went by the lane

const otherShown = async () => createCertificate(await generateKeyPair('Ed25519'))

/** A lane that is TLS, but not as it has to be; what comes by it, its end above all, is heard. */
const tls = (
  change: (peer: HostilePeer) => Parameters<typeof acceptLane>[1] | Promise<Shown>,
): NonNullable<Trick['onLane']> => {
  return async (raw, peer) => (await acceptLane(raw, await change(peer))).resume()
}

/** A lane as far as the token, and then this. */
const afterToken = (run: (socket: TLSSocket) => unknown): NonNullable<Trick['onLane']> => {
  return async (raw, { shown }) => {
    const socket = await acceptLane(raw, shown)
    await readToken(socket)
    run(socket.resume())
  }
}

const offersAnsweredWrongly: Readonly<Record<string, Trick>> = {
  'by garbage': { answer: (stream) => sayAndEnd(stream, Uint8Array.of(7)) },
  'by garbage that is not ended': { answer: (stream) => void stream.send(Uint8Array.of(7)) },
  'by too much': { answer: (stream) => sayAndEnd(stream, new Uint8Array(9_000)) },
  'by too much that is not ended': { answer: (stream) => void stream.send(new Uint8Array(9_000)) },
  'by an end': { answer: (stream) => void stream.close() },
  'by a reset': { answer: (stream) => stream.abort(new Error('enough')) },
  'by nothing': { answer: () => {}, isSilent: true },
}

const wrongConnections: Readonly<Record<string, Trick>> = {
  'is refused by a closed port': { isPortClosed: true },
  'is closed at once': { onLane: async (raw) => raw.destroy() },
  'is reset at once': { onLane: async (raw) => raw.resetAndDestroy() },
  'is answered by garbage': { onLane: async (raw) => raw.resume().write(new Uint8Array(9_000)) },
  'is answered by silence': { onLane: async (raw) => raw.resume(), isSilent: true },
  'is answered by silence in the place of TLS': {
    onLane: (raw) => acceptNegotiated(raw).then(() => raw.resume()),
    isSilent: true,
  },
  'shows another peer’s certificate': { onLane: tls(otherShown) },
  'shows two certificates': {
    onLane: tls(async ({ shown }) => ({ ...shown, cert: `${shown.cert}${(await otherShown()).cert}` })),
  },
  'agrees on no ALPN': { onLane: tls(({ shown }) => ({ ...shown, ALPNProtocols: [] })) },
}

const tokensAnsweredWrongly: Readonly<Record<string, Trick>> = {
  'by no': { onLane: afterToken((socket) => socket.write(no)) },
  'by garbage': { onLane: afterToken((socket) => socket.write(Uint8Array.of(7))) },
  'by the end': { onLane: afterToken((socket) => socket.end()) },
  'by a reset': { onLane: afterToken((socket) => socket.destroy()) },
  'by silence': { onLane: afterToken(() => {}), isSilent: true },
}

/** On a connection where a lane failed, other streams are served, and lanes are offered no more. */
async function assertNoOtherLane({ victim, peer }: ListenerScene): Promise<void> {
  const before = peer.lanes.length
  const stream = await victim.openStream(peer.id, echoProtocol)
  await pingPong(stream)(2 * roundsToLane)
  await stream.close()
  assert.deepEqual([peer.lanes.length, peer.offersOpen()], [before, 0])
}

async function assertGoesOn(t: TestContext, trick: Trick, step: string): Promise<void> {
  const scene = await startListenerScene(t, trick)
  await scene.during(async () => {
    await scene.peer.rounds(roundsToLane)
    await hasFailed(scene, trick)
    await scene.peer.rounds(2 * roundsToLane)
  })
  assert.deepEqual(failures(scene), [step])
  await until('no offer is left', () => scene.peer.offersOpen() === 0, leavingTimeoutMs)
  await assertNoOtherLane(scene)
  await scene.peer.stream.close()
  await scene.assertUnharmed()
}

for (const [step, what, tricks] of [
  ['offer', 'an offer is answered', offersAnsweredWrongly],
  ['connect', 'a lane', wrongConnections],
  ['bind', 'a token is answered', tokensAnsweredWrongly],
] as const) {
  for (const [name, trick] of Object.entries(tricks)) {
    test(`a stream goes on as it was where ${what} ${name}`, options, (t) => assertGoesOn(t, trick, step))
  }
}

test('a stream goes on as it was where an offer is answered by no, and nothing has failed', options, async (t) => {
  const scene = await startListenerScene(t, { answer: (stream) => sayAndEnd(stream, no) })
  await scene.during(() => scene.peer.rounds(3 * roundsToLane))
  assert.deepEqual(failures(scene), [])
  await until('no offer is left', () => scene.peer.offersOpen() === 0)
  assert.equal(scene.peer.lanes.length, 0)
  await scene.peer.stream.close()
  await scene.assertUnharmed()
})

test('who was dialled offers no lanes: the answer is no', options, async (t) => {
  const scene = await startListenerScene(t, { answer: (stream) => sayAndEnd(stream, no) })
  const { peer } = scene
  const [connection] = peer.host.getConnections()
  const served = connection?.streams.find(({ protocol }) => protocol === echoProtocol)
  const offer = await connection?.newStream(laneProtocol)
  assert.ok(served !== undefined && offer !== undefined)
  const { heard } = listen(offer)
  await scene.during(async () => {
    sayAndEnd(offer, encodeOffer({ streamId: Number(served.id), token: newToken() }))
    await until('it is answered', () => heard().length > 0)
  })
  assert.deepEqual([...heard()], [...no])
  await peer.rounds(2)
  await peer.stream.close()
  await scene.assertUnharmed()
})

test('a stream that ends while its lane is made takes the lane with it', options, async (t) => {
  const token = Promise.withResolvers<void>()
  const onLane = afterToken(() => token.resolve())
  const scene = await startListenerScene(t, { onLane })
  await scene.during(async () => {
    await scene.peer.rounds(roundsToLane)
    await token.promise
    scene.peer.stream.abort(networkErrors.stream_closed('enough'))
  })
  scene.victim.clock.runOut(laneStepTimeoutMs)
  await scene.assertUnharmed()
})

// ---- when the victim has gone on by the lane

/** A lane to which the victim has moved: it says its place. Then this. */
const afterMove = (run: (socket: TLSSocket, atBytes: number) => unknown): NonNullable<Trick['onLane']> => {
  return async (raw, { shown }) => {
    const socket = await acceptLane(raw, shown)
    await readToken(socket)
    socket.write(yes)
    const atBytes = decodePlace(await readPlace(socket))
    run(socket.resume(), atBytes)
  }
}

const half = encodePlace(0).subarray(0, placeBytes - 1)

const movedWrongly: Readonly<Record<string, Trick & { readonly code: RegExp }>> = {
  'never says its place': { onLane: afterMove(() => {}), isSilent: true, code: /^stream_broken$/ },
  'says half a place and ends': { onLane: afterMove((socket) => socket.end(half)), code: /^stream_broken$/ },
  'ends in the place of its place': { onLane: afterMove((socket) => socket.end()), code: /^stream_broken$/ },
  'closes in the place of its place': { onLane: afterMove((socket) => socket.destroy()), code: /^stream_broken$/ },
  'says a place past 2^53': {
    onLane: afterMove((socket) => socket.write(new Uint8Array(placeBytes).fill(0xff))),
    code: /^(lane_wrong|stream_broken)$/,
  },
  'says a place before what it sent': {
    onLane: afterMove((socket) => socket.write(encodePlace(afterBytes / 4))),
    code: /^lane_wrong$/,
  },
  'moves, and closes without the end of TLS': {
    onLane: afterMove((socket, atBytes) => {
      socket.write(encodePlace(atBytes), () => socket.destroy())
    }),
    code: /^stream_broken$/,
  },
}

for (const [name, trick] of Object.entries(movedWrongly)) {
  test(`a stream breaks, and nothing else, where the listener ${name}`, options, async (t) => {
    const scene = await startListenerScene(t, trick)
    const { peer, victim } = scene
    const isBroken = (error: unknown) => isPeerhoodError(error) && trick.code.test(error.code)
    await scene.during(async () => {
      await peer.rounds(roundsToLane)
      await scene.done
      if (trick.isSilent) victim.clock.runOut(laneStepTimeoutMs)
      await assert.rejects(peer.rounds(1_000), isBroken)
    })
    assert.throws(() => peer.stream.send(Uint8Array.of(1)), isBroken)
    // Whoever used it is done with it, and need not know that it has a lane.
    await peer.stream.close().catch((error: unknown) => assert.ok(isPeerhoodError(error)))
    await scene.assertUnharmed()
    const another = await victim.openStream(peer.id, echoProtocol)
    await pingPong(another)(2)
    await another.close()
    assert.equal(lanesOf(victim), 1)
  })
}

test(
  'a place never reached holds the stream up, and nothing that comes by the lane is taken for its bytes',
  options,
  async (t) => {
    const onLane = afterMove((socket) => {
      socket.write(Buffer.concat([encodePlace(Number.MAX_SAFE_INTEGER), pieceOf(new Uint8Array(9_000))]))
    })
    const scene = await startListenerScene(t, { onLane })
    const { peer } = scene
    await scene.during(async () => {
      await peer.rounds(roundsToLane)
      await scene.done
    })
    let came = 0
    const reading = (async () => {
      for await (const chunk of peer.stream.incoming) came += chunk.length
    })()
    await scene.during(async () => {})
    const gone = assert.rejects(reading, (error) => isPeerhoodError(error) && error.code === 'stream_reset')
    for (const connection of peer.host.getConnections()) {
      for (const stream of connection.streams) if (stream.protocol === echoProtocol) stream.abort(new Error('enough'))
    }
    await gone
    assert.equal(came, 0)
    await scene.assertUnharmed()
  },
)
