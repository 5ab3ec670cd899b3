// Limits of transfer/ that only a crowd or a stalled disk reaches, reached for real in the simulated world.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Content } from '../../test/sim/holdings.ts'
import { createRawPeer, type Talk } from '../../test/sim/raw-peer.ts'
import { createWorld, type SimPeer, type World } from '../../test/sim/world.ts'
import { isPeerhoodError } from '../base/errors.ts'
import {
  fetchBytesMax,
  handshakeTimeoutMs,
  serveAheadBytesMax,
  serveBytesMax,
  sessionsMax,
  streamsPerPeerMax,
  transfersMax,
} from './limits.ts'

const mebibyte = 1024 * 1024

async function server(world: World, content: Content): Promise<SimPeer> {
  const peer = await world.peer({ up: 50_000_000 })
  peer.share(content)
  return peer
}

test('past so many sessions a stream is cut at once; there is room again when the silent ones have had their time', async () => {
  const world = createWorld('sessions')
  const content = world.content({ blocks: 8, blockBytes: 20_000 })
  const victim = await server(world, content)
  const silent: Talk[] = []
  for (let peer = 0; peer < sessionsMax / streamsPerPeerMax; peer++) {
    const raw = createRawPeer(world, content)
    for (let stream = 0; stream < streamsPerPeerMax; stream++) silent.push(await raw.dial(victim))
  }
  assert.equal(silent.length, sessionsMax)
  assert.ok(world.clock.monotonicMs() < handshakeTimeoutMs, 'nobody’s time is up')
  const surplus = await createRawPeer(world, content).dial(victim)
  surplus.greet()
  await world.until('the surplus is cut', () => surplus.ended, 1_000)
  assert.deepEqual(surplus.received, [])
  assert.ok(silent.every(({ ended }) => !ended))
  await world.until('the silent are left', () => silent.every(({ ended }) => ended), 2 * handshakeTimeoutMs)
  const getter = await world.peer()
  const id = await getter.get(world.linkTo(content, victim))
  await world.until('others are served', () => getter.service.view(id).state === 'done', 60_000)
  await world.stop()
})

test('so many transfers are listed; one that has ended can make room', async () => {
  const world = createWorld('transfers')
  const content = world.content({ blocks: 8, blockBytes: 20_000 })
  const peer = await world.peer()
  const link = world.linkTo(content)
  for (let i = 0; i < transfersMax; i++) await peer.service.cancel(await peer.get(link))
  assert.equal(peer.service.list().length, transfersMax)
  const isFull = (error: unknown) => isPeerhoodError(error) && error.code === 'transfers_too_many'
  await assert.rejects(peer.get(link), isFull)
  assert.equal(peer.service.list().length, transfersMax)
  const [oldest] = peer.service.list()
  assert.ok(oldest !== undefined)
  await peer.service.remove(oldest.id)
  await peer.get(link)
  await assert.rejects(peer.get(world.linkTo(world.content({ blocks: 8, blockBytes: 20_000 }))), isFull)
  await world.stop()
})

test('what is read ahead for all who do not take it is bounded, and so is what is read for one', async () => {
  const world = createWorld('read ahead')
  const content = world.content({ blocks: 40, blockBytes: mebibyte })
  const victim = await server(world, content)
  const holding = victim.library.sim(content.shareId)
  assert.ok(holding !== undefined)
  let reads = 0
  const { readBlock } = holding
  holding.readBlock = (index, options) => {
    reads++
    return readBlock.call(holding, index, options)
  }
  const readFor = async (peers: number) => {
    const before = reads
    for (let i = 0; i < peers; i++) {
      const raw = createRawPeer(world, content)
      const talk = await raw.dial(victim)
      talk.greet()
      talk.send({ kind: 'interest', on: true })
      await talk.next('choke')
      world.net.stopReading(raw.id)
      talk.send({ kind: 'want', ranges: [{ start: 0, count: 40 }] })
      await world.pass(100)
    }
    await world.pass(2_000)
    return (reads - before) * mebibyte
  }
  const forOne = await readFor(1)
  // A stream takes its window and its buffer besides.
  assert.ok(forOne >= serveAheadBytesMax && forOne <= serveAheadBytesMax + 3 * mebibyte, `${forOne}`)
  const forAll = forOne + (await readFor(25))
  const streams = 26 * 3 * mebibyte
  assert.ok(forAll >= serveBytesMax && forAll <= serveBytesMax + streams, `${forAll}`)
  assert.ok(forAll < 26 * forOne, 'without the common limit it would be more')
  await world.stop()
})

test('while the disk stands still, no more is asked of all peers than memory may hold', async () => {
  const world = createWorld('stalled disk')
  const content = world.content({ blocks: 120, blockBytes: mebibyte })
  const seeds = [await server(world, content), await server(world, content), await server(world, content)]
  const getter = await world.peer({}, { storeMs: 3_600_000 })
  let received = 0
  const count = world.net.onDelivery
  world.net.onDelivery = (from, to, bytes) => {
    if (to === getter.id) received += bytes.length
    count(from, to, bytes)
  }
  await getter.get(world.linkTo(content, ...seeds))
  await world.pass(60_000)
  assert.ok(received > fetchBytesMax - mebibyte, `${received}: all that may be asked was asked`)
  assert.ok(received < fetchBytesMax + mebibyte, `${received}`)
  await world.stop()
})
