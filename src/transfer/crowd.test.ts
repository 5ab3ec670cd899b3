// Peers that take no more than they are given and still cost us: those that don't read, and crowds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Content } from '../../test/sim/holdings.ts'
import { createRawPeer, type RawPeer, type Talk } from '../../test/sim/raw-peer.ts'
import { createWorld, type SimPeer, type World } from '../../test/sim/world.ts'
import { sessionsPerShareMax, uploadFewMax, uploadSlotsMin, uploadTurnMs } from './limits.ts'
import type { TransferId } from './types.ts'
import { encodeFrame } from './wire.ts'

interface Scene {
  readonly world: World
  readonly content: Content
  readonly victim: SimPeer
  readonly raw: RawPeer
}

async function servingScene(
  seed: string,
  shape = { blocks: 44, blockBytes: 20_000, nodes: 1 },
  up = 50_000_000,
): Promise<Scene> {
  const world = createWorld(seed)
  const content = world.content(shape)
  const victim = await world.peer({ up })
  victim.share(content)
  return { world, content, victim, raw: createRawPeer(world, content) }
}

/** Past the greeting, interested, and served. */
async function served({ victim, raw }: Scene): Promise<Talk> {
  const talk = await raw.dial(victim)
  talk.greet()
  talk.send({ kind: 'interest', on: true })
  await talk.next('choke')
  return talk
}

test('a peer that asks and does not read costs a bounded amount', async () => {
  const scene = await servingScene('no reader', { blocks: 60, blockBytes: 1_000_000, nodes: 1 })
  const { world, content, victim, raw } = scene
  const holding = victim.library.sim(content.shareId)
  assert.ok(holding !== undefined)
  let reads = 0
  const original = holding.readBlock
  holding.readBlock = (index, options) => {
    reads++
    return original.call(holding, index, options)
  }
  const talk = await served(scene)
  world.net.stopReading(raw.id)
  talk.send({ kind: 'want', ranges: [{ start: 0, count: 60 }] })
  await world.pass(20_000)
  assert.ok(reads > 0 && reads < 12, `${reads} blocks were read for a peer that takes none`)
  await world.stop()
})

test('a peer that asks on and on and reads nothing is left', async () => {
  const scene = await servingScene('no reader of refusals')
  const { world, content, victim, raw } = scene
  victim.library.sim(content.shareId)?.lose(1)
  const talk = await served(scene)
  world.net.stopReading(raw.id)
  const lost = encodeFrame({ kind: 'want', ranges: Array.from({ length: 512 }, () => ({ start: 1, count: 1 })) })
  for (let i = 0; i < 2_000 && victim.network.blames.length === 0; i++) {
    talk.sendBytes(lost)
    await world.pass(5)
  }
  assert.deepEqual(victim.network.blames, [{ peerId: raw.id, blame: { code: 'peer_not_reading', verdict: 'ignore' } }])
  await world.stop()
})

/** Raw peers that are past the greeting, or were refused. */
async function crowd(scene: Scene, size: number): Promise<Talk[]> {
  const talks: Talk[] = []
  for (let i = 0; i < size; i++) {
    const talk = await createRawPeer(scene.world, scene.content).dial(scene.victim)
    talk.greet()
    talk.send({ kind: 'interest', on: true })
    talks.push(talk)
  }
  await scene.world.pass(500)
  return talks
}

const lastChoke = (talk: Talk) => talk.received.filter((frame) => frame.kind === 'choke').at(-1)?.on

test('only so many are served at a time; the others get their turn', async () => {
  // One block a second leaves.
  const scene = await servingScene('slots', { blocks: 40, blockBytes: 1_000_000, nodes: 1 }, 1_000_000)
  const talks = await crowd(scene, 9)
  const had = new Set<Talk>()
  for (let second = 0; second < 9 * (uploadTurnMs / 1000); second++) {
    const served = talks.filter((talk) => lastChoke(talk) === false)
    // As many as there are at least, or half as many more for a trial.
    assert.ok(served.length <= Math.ceil(1.5 * uploadSlotsMin), `${served.length} are served`)
    for (const talk of served) {
      if (!had.has(talk)) talk.send({ kind: 'want', ranges: [{ start: 0, count: 40 }] })
      had.add(talk)
    }
    await scene.world.pass(1_000)
  }
  assert.equal(had.size, talks.length, 'everybody was served once')
  await scene.world.stop()
})

test('who is served and asks for nothing makes room', async () => {
  const scene = await servingScene('idle slots')
  const talks = await crowd(scene, 9)
  const had = new Set<Talk>()
  for (let second = 0; second < 10; second++) {
    const served = talks.filter((talk) => lastChoke(talk) === false)
    assert.ok(served.length <= uploadFewMax, `${served.length} are served`)
    for (const talk of served) had.add(talk)
    await scene.world.pass(1_000)
  }
  assert.equal(had.size, talks.length, 'everybody was served within seconds')
  await scene.world.stop()
})

/** Asks for the next blocks when it is served, and for one more for each that comes; returns what to call now and then. */
function keenOn(talk: Talk, blocks: number): () => number {
  let seen = 0
  let next = 0
  let had = 0
  const ask = (count: number) => {
    for (let i = 0; i < count; i++) talk.send({ kind: 'want', ranges: [{ start: next++ % blocks, count: 1 }] })
  }
  return () => {
    for (const frame of talk.received.slice(seen)) {
      if (frame.kind === 'choke' && !frame.on) ask(2)
      if (frame.kind !== 'block') continue
      had++
      if (lastChoke(talk) === false) ask(1)
    }
    seen = talk.received.length
    return had
  }
}

test('who is far away has its turns among many who are near, and who never asks keeps nobody from them', async () => {
  const blocks = 40
  // Two blocks a second leave. Not all is here: nobody is declined what another got.
  const scene = await servingScene('far away', { blocks, blockBytes: 1_000_000, nodes: 1 }, 2_000_000)
  scene.victim.library.sim(scene.content.shareId)?.lose(blocks - 1)
  const lazy = await crowd(scene, 4)
  const near = (await crowd(scene, 8)).map((talk) => keenOn(talk, blocks - 1))
  const farTalk = await createRawPeer(scene.world, scene.content, 400).dial(scene.victim)
  farTalk.greet()
  farTalk.send({ kind: 'interest', on: true })
  const far = keenOn(farTalk, blocks - 1)
  for (let passed = 0; passed < 90_000; passed += 50) {
    await scene.world.pass(50)
    for (const look of [...near, far]) look()
  }
  const counts = near.map((look) => look())
  const all = counts.reduce((sum, had) => sum + had, far())
  assert.ok(far() >= all / 9 / 2, `${far()} blocks came to the one far away, ${counts.join()} to the others`)
  assert.ok(all > 0.9 * 180, `${all} blocks of 180 that the line bears: those who never ask leave it idle`)
  assert.ok(lazy.every((talk) => talk.received.some((frame) => frame.kind === 'choke' && !frame.on)))
  await scene.world.stop()
})

test('only so many sessions a share; the next is told that there is no room', async () => {
  const scene = await servingScene('room')
  const talks = await crowd(scene, sessionsPerShareMax + 1)
  const refused = talks.filter(({ received }) => received.some((frame) => frame.kind === 'refuse'))
  assert.deepEqual(
    refused.flatMap(({ received }) => received.filter((frame) => frame.kind === 'refuse')),
    [{ kind: 'refuse', reason: 'busy' }],
  )
  assert.deepEqual(scene.victim.network.blames, [])
  await scene.world.stop()
})

test('blocks that two ask for leave one after the other', async () => {
  // A block takes a quarter of a second.
  const scene = await servingScene('two', { blocks: 4, blockBytes: 1_000_000, nodes: 1 }, 4_000_000)
  const talks = await crowd(scene, 2)
  for (const [i, talk] of talks.entries()) talk.send({ kind: 'want', ranges: [{ start: i + 1, count: 1 }] })
  await scene.world.pass(350)
  assert.deepEqual(
    talks.map(({ received }) => received.filter(({ kind }) => kind === 'block').length),
    [1, 0],
  )
  await scene.world.pass(250)
  assert.ok(talks.every(({ received }) => received.some(({ kind }) => kind === 'block')))
  await scene.world.stop()
})

// ---- few at home lines

interface Group {
  readonly world: World
  readonly seed: SimPeer
  readonly members: readonly { readonly peer: SimPeer; readonly id: TransferId }[]
  /** How long all of the share takes to leave once, in ms. */
  readonly onceMs: number
}

/** Four who fetch from one; all of them send on at most 10 Mbit/s. */
async function group(seedName: string, prepare: (peers: readonly SimPeer[]) => void = () => {}): Promise<Group> {
  const up = 1_250_000
  const world = createWorld(seedName)
  const content = world.content({ blocks: 41, blockBytes: 262_144, nodes: 1, sparse: true })
  const seed = await world.peer({ up })
  const link = seed.share(content)
  const peers: SimPeer[] = []
  for (let i = 0; i < 4; i++) peers.push(await world.peer({ up }))
  prepare(peers)
  const members: Group['members'][number][] = []
  for (const peer of peers) members.push({ peer, id: await peer.get(link) })
  return { world, seed, members, onceMs: (content.record.bytes * 1000) / up }
}

const isDone = ({ peer, id }: Group['members'][number]) => peer.service.view(id).state === 'done'

/** Nobody of these reaches another of them. */
function keepApart(peers: readonly SimPeer[]): void {
  for (const { network } of peers) {
    const { connect } = network
    network.connect = async (to, options) => {
      if (peers.some(({ id }) => id === to.peerId)) throw new Error('not reachable')
      await connect(to, options)
    }
  }
}

test('four at home lines have a share in little more than the time in which it leaves once', async () => {
  for (const name of ['home 1', 'home 2']) {
    const { world, members, onceMs } = await group(name)
    await world.until('all four are done', () => members.every(isDone), 1.35 * onceMs)
    await world.stop()
  }
})

test('those who reach the author only lose nothing by what is kept for others', async () => {
  const { world, members, onceMs } = await group('apart', keepApart)
  await world.until('all four are done', () => members.every(isDone), 4 * onceMs + 600)
  await world.stop()
})

test('one that has what it was given and sends nothing on holds up the others for less than another copy', async () => {
  const { world, members, onceMs } = await group('silent', (peers) => {
    const library = peers[3]?.library
    library?.on((event) => {
      const holding = event.type === 'added' ? library.sim(event.holding.shareId) : undefined
      if (holding !== undefined) holding.readBlock = () => new Promise(() => {})
    })
  })
  await world.until('the other three are done', () => members.slice(0, 3).every(isDone), 1.9 * onceMs)
  await world.stop()
})

/** How long a reader of the whole file waits for the blocks that it has to wait for, each. */
async function readerWaits({ world, members: [member] }: Group): Promise<number[]> {
  assert.ok(member !== undefined)
  const { peer, id } = member
  const waits: number[] = []
  let isOver = false
  const read = async () => {
    const [file] = peer.service.files(id)
    assert.ok(file !== undefined)
    let sinceMs = world.clock.monotonicMs()
    const { signal } = new AbortController()
    for await (const _ of peer.service.read(id, file.entry, { start: 0, end: file.entry.bytes }, { signal })) {
      waits.push(world.clock.monotonicMs() - sinceMs)
      sinceMs = world.clock.monotonicMs()
    }
    isOver = true
  }
  await world.until('the files are known', () => peer.service.files(id).length > 0, 5_000)
  void read()
  await world.until('all is read', () => isOver, 60_000)
  return waits
}

test('a reader does not wait long for what was given to another, whether that can send it on or not', async () => {
  for (const [name, prepare] of [
    ['reader', undefined],
    ['reader apart', keepApart],
  ] as const) {
    const scene = await group(name, prepare)
    const waits = await readerWaits(scene)
    // What a block takes when the line is shared by four: four times 210 ms.
    const longest = Math.max(...waits)
    assert.ok(longest < 2_000, `${name}: it waited ${longest.toFixed(0)} ms for one block`)
    await scene.world.stop()
  }
})
