// Limits of transfer/ that only a crowd or a stalled disk reaches, reached for real in the simulated world.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Content } from '../../test/sim/holdings.ts'
import { createRawPeer, type RawPeer, type Talk } from '../../test/sim/raw-peer.ts'
import { createWorld, type SimPeer, type World } from '../../test/sim/world.ts'
import { equalBytes } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import {
  fetchBytesMax,
  handshakeTimeoutMs,
  serveAheadBytesMax,
  serveBytesMax,
  sessionsAcceptedMax,
  sessionsOpenedMax,
  streamsPerPeerMax,
  transfersMax,
} from './limits.ts'
import { createLine } from './line.ts'
import { createUpload } from './upload.ts'

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
  for (let peer = 0; peer < sessionsAcceptedMax / streamsPerPeerMax; peer++) {
    const raw = createRawPeer(world, content)
    for (let stream = 0; stream < streamsPerPeerMax; stream++) silent.push(await raw.dial(victim))
  }
  assert.equal(silent.length, sessionsAcceptedMax)
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

/** Peers that take every stream and never say a word; `talks` is what was opened to them, by whichever search met them. */
async function silentPeers(world: World, content: Content, count: number) {
  const talks: Talk[] = []
  const peers: RawPeer[] = []
  for (let i = 0; i < count; i++) {
    const peer = createRawPeer(world, content)
    await peer.serve((talk) => void talks.push(talk))
    peers.push(peer)
  }
  const link = { ...content.link, peers: peers.map(({ id }) => ({ peerId: id, addresses: [`/sim/${id}`] })) }
  return { link, talks }
}

test('a peer that does not answer is opened one session to, not one after the other', async () => {
  const world = createWorld('one session')
  const { link, talks } = await silentPeers(world, world.content({ blocks: 8, blockBytes: 20_000 }), 1)
  const getter = await world.peer()
  await getter.get(link)
  await world.pass(handshakeTimeoutMs / 2)
  assert.equal(talks.length, 1)
  await world.until('it is left', () => talks[0]?.ended === true, handshakeTimeoutMs)
  await world.stop()
})

test('so many sessions are opened in all; a share without any has its first, and peers that come have room of their own', async () => {
  const world = createWorld('opened')
  const contents = [1, 2, 3].map((blocks) => world.content({ blocks, blockBytes: 20_000 }))
  const [crowded, late, served] = contents as [Content, Content, Content]
  const crowd = await silentPeers(world, crowded, sessionsOpenedMax)
  const few = await silentPeers(world, late, 5)
  const isFor = ({ received: [first] }: Talk, { link }: Content) =>
    first?.kind === 'hello' && equalBytes(first.discovery, link.discovery)
  const open = (content: Content) =>
    [...crowd.talks, ...few.talks].filter((talk) => !talk.ended && isFor(talk, content)).length
  const getter = await world.peer()
  await getter.get(crowd.link)
  await world.until('all are open', () => open(crowded) === sessionsOpenedMax, handshakeTimeoutMs)
  await getter.get(few.link)
  await world.until('the other share has one', () => open(late) > 0, 1_000)
  getter.share(served)
  const guest = await createRawPeer(world, served).dial(getter)
  guest.greet()
  await guest.next('hello')
  assert.deepEqual([open(crowded), open(late)], [sessionsOpenedMax, 1])
  await world.until('there is room again', () => open(late) > 1, 2 * handshakeTimeoutMs)
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
  const budget = { bytes: 0, line: createLine(world.clock) }
  const ignore = () => {}
  const events = { sent: ignore, gone: ignore, dropped: ignore, unreadable: ignore }
  const blockBuffers = {
    take: (length: number) => new Uint8Array(length),
    keep: (bytes: Uint8Array) => bytes,
    give: ignore,
  }
  const serve = async () => {
    const channel = { writable: false, send: ignore, sendBytes: ignore }
    const upload = createUpload(holding, channel, budget, { clock: world.clock, blockBuffers }, events)
    upload.want(Array.from({ length: 40 }, (_, index) => index))
    await world.settle()
    return upload
  }
  const uploads = [await serve()]
  assert.equal(budget.bytes, serveAheadBytesMax)
  for (let i = 0; i < 25; i++) uploads.push(await serve())
  // Everybody is read one block for, whatever the others have.
  assert.ok(budget.bytes >= serveBytesMax && budget.bytes <= serveBytesMax + 26 * mebibyte, `${budget.bytes}`)
  assert.ok(budget.bytes < 26 * serveAheadBytesMax, 'without the common limit it would be more')
  for (const upload of uploads) upload.stop()
  assert.equal(budget.bytes, 0)
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
