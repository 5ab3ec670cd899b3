// Sessions of the bitswap client, by a clock that the test moves: whom they ask, and that every want ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { cidOf } from '../content/format/cid.ts'
import { digestOf } from '../content/format/keys.ts'
import type { PeerId } from '../network/types.ts'
import type { WantEntry } from './bitswap-wire.ts'
import { keyOf, parseCid } from './cid.ts'
import { blockTimeoutMs, haveTimeoutMs, lateMax, sessionPeersMax } from './limits.ts'
import { createSession } from './session.ts'

const [ann, bob] = ['ann' as PeerId, 'bob' as PeerId]
const cidNumber = (number: number) => cidOf(0x55, digestOf(Uint8Array.of(number)))
const bytes = Uint8Array.of(1)
const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

function setUp(...peers: PeerId[]) {
  const clock = createManualClock()
  const posted: { peerId: PeerId; entry: WantEntry }[] = []
  const registered = new Set<string>()
  const session = createSession({
    clock,
    post: (peerId, entry) => posted.push({ peerId, entry }),
    register: (key, isWanted) => void (isWanted ? registered.add(key) : registered.delete(key)),
    closed() {},
  })
  for (const peerId of peers) session.addPeer(peerId)
  /** What was asked since the last look, as `ann: block`. */
  const asked = () => posted.splice(0).map(({ peerId, entry }) => `${peerId}: ${entry.cancel ? 'cancel' : entry.type}`)
  return { clock, session, asked, registered }
}

/** Lets what was resolved be told. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('all are asked whether they have it; the first that does gives it', async () => {
  const { session, asked, registered, clock } = setUp(ann, bob)
  const cid = cidNumber(1)
  const got = session.get(cid)
  assert.deepEqual(asked(), ['ann: have', 'bob: have'])
  session.presence(ann, keyOf(cid), false)
  session.presence(bob, keyOf(cid), true)
  assert.deepEqual(asked(), ['bob: block'])
  session.block(bob, keyOf(cid), bytes)
  assert.equal(await got, bytes)
  assert.equal(registered.size, 0)
  // Who has given one is asked for the next at once.
  const next = session.get(cidNumber(2))
  assert.deepEqual(asked(), ['bob: block'])
  session.block(bob, keyOf(cidNumber(2)), bytes)
  await next
  assert.equal(clock.waiting, 0)
})

test('whoever does not send it is passed over; at the end it is not found', async () => {
  const { session, asked } = setUp(ann, bob)
  const cid = cidNumber(1)
  const got = session.get(cid)
  session.presence(ann, keyOf(cid), true)
  assert.deepEqual(asked().at(-1), 'ann: block')
  session.presence(ann, keyOf(cid), false)
  session.presence(bob, keyOf(cid), false)
  await assert.rejects(got, withCode('ipfs_block_not_found'))
})

test('blockTimeoutMs, haveTimeoutMs and lateMax are met', async () => {
  const { session, asked, clock } = setUp(ann)
  const cid = cidNumber(1)
  const got = session.get(cid)
  session.presence(ann, keyOf(cid), true)
  asked()
  clock.advance(blockTimeoutMs - 1)
  // Something came from it: its blocks may stand in a row.
  session.heard(ann)
  clock.advance(blockTimeoutMs - 1)
  assert.deepEqual(asked(), [])
  clock.advance(1)
  assert.deepEqual(asked(), ['ann: cancel', 'ann: block'], 'one more try')
  clock.advance(blockTimeoutMs)
  await assert.rejects(got, withCode('ipfs_block_late'))
  for (let late = 2; late < lateMax; late += 2) {
    const again = session.get(cidNumber(late))
    clock.advance(blockTimeoutMs * 2)
    await assert.rejects(again, withCode('ipfs_block_late'))
  }
  asked()
  await assert.rejects(session.get(cidNumber(9)), withCode('ipfs_block_not_found'))
  assert.deepEqual(asked(), [], 'it is asked no more')

  const silent = setUp(bob)
  const nothing = silent.session.get(cid)
  silent.clock.advance(haveTimeoutMs)
  assert.deepEqual(silent.asked(), ['bob: have', 'bob: have'])
  silent.clock.advance(haveTimeoutMs)
  await assert.rejects(nothing, withCode('ipfs_block_late'))
})

test('a peer that has gone leaves its wants to others, or to those that a search finds', async () => {
  const { session, asked } = setUp(ann)
  const found = Promise.withResolvers<void>()
  session.search(found.promise)
  const cid = cidNumber(1)
  const got = session.get(cid)
  session.presence(ann, keyOf(cid), true)
  session.failed(ann)
  asked()
  session.addPeer(bob)
  assert.deepEqual(asked(), ['bob: have'])
  session.presence(bob, keyOf(cid), true)
  session.block(bob, keyOf(cid), bytes)
  assert.equal(await got, bytes)
  session.failed(bob)
  const nobody = session.get(cidNumber(2))
  const ended = assert.rejects(nobody, withCode('ipfs_block_not_found'))
  await turn()
  found.resolve()
  await ended
})

test('who gives up wants nothing more, and an end ends all', async () => {
  const { session, asked, registered, clock } = setUp(ann)
  const [cid, giveUp] = [cidNumber(1), new AbortController()]
  const first = session.get(cid, { signal: giveUp.signal })
  const second = session.get(cid)
  giveUp.abort(new Error('enough'))
  await assert.rejects(first, /enough/)
  assert.equal(registered.size, 1, 'another waits for it still')
  session.close()
  await assert.rejects(second, withCode('ipfs_block_not_found'))
  const alone = setUp(ann)
  const only = alone.session.get(cid, { signal: AbortSignal.abort(new Error('before')) })
  await assert.rejects(only, /before/)
  assert.deepEqual([registered.size, clock.waiting], [0, 0])
  asked()
  await assert.rejects(session.get(cid), withCode('ipfs_block_not_found'))
  assert.deepEqual(asked(), [])
})

test('sessionPeersMax is met, and an inline block is nobody’s to give', async () => {
  const many = Array.from({ length: sessionPeersMax + 5 }, (_, number) => `peer ${number}` as PeerId)
  const { session, asked } = setUp(...many)
  const got = session.get(cidNumber(1))
  assert.equal(asked().length, sessionPeersMax)
  session.close()
  await assert.rejects(got)
  assert.deepEqual(await session.get(parseCid('bafkqac3imvwgy3zao5xxe3de')), new TextEncoder().encode('hello world'))
})
