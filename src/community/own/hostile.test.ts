// What a computer can do wrong that is, or claims to be, another one of the person, each against a real service over a
// simulated network.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTogetherWorld, type Someone } from '../../../test/sim/together-world.ts'
import { toPeerhoodError } from '../../base/errors.ts'
import type { PeerStream } from '../../network/types.ts'
import { helloTimeoutMs, retryMsMax, stateTimeoutMs } from './limits.ts'
import { createDecoder, encodeFrame, encodeHello, encodeState, type FrameKind, ownProtocol } from './wire.ts'

const nothing = encodeState({ tickets: [], blocks: [] })

async function worldOf(t: TestContext) {
  const world = createTogetherWorld(t.name)
  t.after(() => world.stop())
  const laptop = await world.person('Ann')
  const other = await world.device(laptop, 'desktop')
  // Only what the test says is said.
  await world.done('a stop', other.life.own.stop())
  const { peerId } = laptop
  await world.done('meeting', other.life.network.connect({ peerId, addresses: [`/sim/${peerId}`] }, { source: 'link' }))

  const open = () => world.done('a stream', other.life.network.openStream(laptop.peerId, ownProtocol))
  const hello = encodeHello({ certificate: other.identity.deviceCertificate, deviceName: 'desktop' })
  const say = (stream: PeerStream, kind: FrameKind, body: Uint8Array) => stream.send(encodeFrame({ kind, body }))
  return { world, laptop, other, open, hello, say, blames: () => blamesOf(laptop) }
}

const blamesOf = (someone: Someone) => someone.life.network.blames.map(({ blame }) => `${blame.verdict} ${blame.code}`)

/** All that comes until the stream ends, and how it ended. */
async function drain(stream: PeerStream): Promise<{ readonly kinds: FrameKind[]; readonly end: string }> {
  const kinds: FrameKind[] = []
  const decoder = createDecoder(
    () => (kinds.length === 0 ? 'hello' : 'state'),
    ({ kind }) => kinds.push(kind),
  )
  try {
    for await (const chunk of stream.incoming) decoder.push(chunk)
  } catch (error) {
    return { kinds, end: toPeerhoodError(error).code }
  }
  return { kinds, end: 'closed' }
}

test('who is not known as a device of the person hears not even a hello', async (t) => {
  const { world, other, open, hello, say, blames } = await worldOf(t)
  const stream = await open()
  say(stream, 'hello', hello)
  const { kinds, end } = await world.done('the end', drain(stream))
  assert.deepEqual([kinds, end === 'closed'], [[], false])
  assert.deepEqual(blames(), [])
  assert.ok(other.up)
})

test('one that is known and keeps to the rules is told all', async (t) => {
  const { world, laptop, other, open, hello, say, blames } = await worldOf(t)
  laptop.life.own.remember(other.peerId)
  const stream = await open()
  say(stream, 'hello', hello)
  say(stream, 'state', nothing)
  assert.deepEqual(await world.done('the end', drain(stream)), { kinds: ['hello', 'state'], end: 'closed' })
  assert.deepEqual(blames(), [])
})

test('each fault has its code, and the one that makes it is told nothing', async (t) => {
  const { world, laptop, other, open, hello, say, blames } = await worldOf(t)
  laptop.life.own.remember(other.peerId)
  const bent = Uint8Array.from(hello)
  bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1
  const stranger = await world.person('Eve')
  const foreign = encodeHello({ certificate: stranger.identity.deviceCertificate, deviceName: 'desktop' })
  const attempts: readonly [said: (stream: PeerStream) => void, blame: string][] = [
    [(stream) => say(stream, 'state', nothing), 'reject own_frame_out_of_order'],
    [(stream) => say(stream, 'hello', hello.slice(1)), 'reject own_hello_malformed'],
    [(stream) => say(stream, 'hello', foreign), 'reject own_certificate_wrong'],
    [(stream) => stream.send(Uint8Array.of(0, 0, 0, 1, 9)), 'reject own_frame_kind_unknown'],
    [(stream) => stream.send(Uint8Array.of(255, 255, 255, 255, 1)), 'reject own_frame_too_long'],
    [(stream) => stream.send(Uint8Array.of(0, 0, 0, 0, 1)), 'reject own_frame_empty'],
    [
      (stream) => {
        say(stream, 'hello', hello)
        void stream.close()
      },
      'ignore own_frame_cut',
    ],
  ]
  for (const [said, blame] of attempts) {
    // A peer that was blamed is left alone for a while.
    await world.pass(2 * retryMsMax)
    const { peerId } = laptop
    const address = { peerId, addresses: [`/sim/${peerId}`] }
    await world.done('meeting', other.life.network.connect(address, { source: 'link' }))
    const before = blames().length
    const stream = await open()
    said(stream)
    const { kinds } = await world.done('the end', drain(stream))
    assert.ok(!kinds.includes('state'), blame)
    await world.until(blame, () => blames().length > before)
    assert.equal(blames().at(-1), blame)
  }
})

test('who says nothing, or only hello, is left when the time is over', async (t) => {
  const { world, laptop, other, open, hello, say, blames } = await worldOf(t)
  laptop.life.own.remember(other.peerId)
  const silent = drain(await open())
  await world.pass(helloTimeoutMs + 1_000)
  await world.done('the end', silent)
  assert.deepEqual(blames().at(-1), 'ignore own_silent')
  const stream = await open()
  say(stream, 'hello', hello)
  const half = drain(stream)
  await world.pass(stateTimeoutMs + 1_000)
  assert.deepEqual((await world.done('the end', half)).kinds, ['hello'])
  assert.deepEqual(blames().at(-1), 'ignore own_silent')
})

test('a state that is nonsense costs the connection and changes nothing', async (t) => {
  const { world, laptop, other, open, hello, say, blames } = await worldOf(t)
  laptop.life.own.remember(other.peerId)
  const stream = await open()
  say(stream, 'hello', hello)
  const answer = drain(stream)
  await world.pass(1_000)
  say(stream, 'state', nothing.slice(1))
  await world.done('the end', answer)
  assert.deepEqual(blames().at(-1), 'reject own_state_malformed')
  assert.deepEqual(laptop.life.direct.blockChanges(), [])
  assert.deepEqual(laptop.life.communities.list(), [])
})
