// The worlds that the swarm simulations try. Each is a script over one seed: faults with safety checks, then peace and
// demanded progress. A scenario throws when a check fails.

import assert from 'node:assert/strict'
import { equalBytes, toHex } from '../../src/base/bytes.ts'
import { streamLingerMs } from '../../src/network/limits.ts'
import type { TransferId } from '../../src/transfer/types.ts'
import type { Content } from './holdings.ts'
import { createWorld, type SimPeer, type World } from './world.ts'

export interface Outcome {
  readonly trace: string
  /** Virtual milliseconds until everyone was done. */
  readonly elapsedMs: number
  /** Copies of the content that the first seed sent. */
  readonly seedCopies: number
}

export type Scenario = (seed: string) => Promise<Outcome>

interface Swarm {
  readonly world: World
  readonly content: Content
  readonly seed: SimPeer
  readonly getters: readonly { readonly peer: SimPeer; readonly id: TransferId }[]
}

const mebibyte = 1024 * 1024

async function beginSwarm(
  world: World,
  peers: number,
  shape = { blocks: 120, blockBytes: 65_536, nodes: 2 },
): Promise<Swarm> {
  const content = world.content(shape)
  const seed = await world.peer({ up: 4 * mebibyte })
  const link = seed.share(content)
  const getters = []
  for (let i = 0; i < peers; i++) {
    const peer = await world.peer({ up: 4 * mebibyte, delayMs: 5 + world.random.below(40) })
    getters.push({ peer, id: await peer.get(link) })
  }
  return { world, content, seed, getters }
}

const isDone = ({ peer, id }: Swarm['getters'][number]) => peer.up && peer.service.view(id).state === 'done'

/** What must hold whatever happens: right bytes, no honest peer blamed, nothing of ours broken. */
function checkSafety(swarm: Swarm, liars: readonly SimPeer[] = []): void {
  const honest = [swarm.seed, ...swarm.getters.map(({ peer }) => peer)].filter((peer) => !liars.includes(peer))
  for (const peer of honest) {
    const wronged = peer.blamed().filter(({ peerId }) => !liars.some((liar) => liar.id === peerId))
    assert.deepEqual(wronged, [], `honest peers were blamed by ${peer.id}`)
    assert.deepEqual(
      peer.warnings.filter((code) => code === 'session_defect' || code === 'transfer_failed'),
      [],
    )
  }
}

function checkBytes({ content, getters }: Swarm): void {
  for (const { peer } of getters) {
    const holding = peer.library.sim(content.shareId)
    assert.equal(holding?.finished, true)
    for (const [index, block] of content.blocks.entries()) {
      const digest = holding?.inventory?.digest(index) ?? new Uint8Array(0)
      assert.ok(equalBytes(peer.disk.blocks.get(toHex(digest)) ?? new Uint8Array(0), block), `block ${index} differs`)
    }
  }
}

async function finish(swarm: Swarm, limitMs: number, liars: readonly SimPeer[] = []): Promise<Outcome> {
  const { world, content, seed, getters } = swarm
  await world.until('everyone honest is done', () => getters.every(isDone), limitMs)
  const elapsedMs = world.clock.monotonicMs()
  checkSafety(swarm, liars)
  checkBytes(swarm)
  const sent = seed.up ? (seed.service.uploads()[0]?.bytesTotal ?? 0) : 0
  await world.stop()
  // A slow uplink is still busy with its last chunk, and streams whose handler is done linger.
  await world.pass(streamLingerMs + 5_000)
  assert.equal(world.clock.pending, 0, 'a stopped world has no timers left')
  return { trace: world.trace(), elapsedMs, seedCopies: sent / content.record.bytes }
}

/** One seed, six getters, nothing goes wrong: the getters serve each other. */
export const calm: Scenario = async (seed) => {
  const swarm = await beginSwarm(createWorld(seed), 6)
  const outcome = await finish(swarm, 60_000)
  assert.ok(outcome.seedCopies < 3, `the seed sent ${outcome.seedCopies} copies to 6 getters`)
  return outcome
}

/** Connections break again and again. */
export const lossy: Scenario = async (seed) => {
  const swarm = await beginSwarm(createWorld(seed), 5)
  const { world } = swarm
  const ids = world.peers.map(({ id }) => id)
  for (let cuts = 0; cuts < 30; cuts++) {
    await world.pass(100)
    world.net.cut(world.random.pick(ids), world.random.pick(ids))
    checkSafety(swarm)
  }
  return finish(swarm, 120_000)
}

/** Getters vanish in the middle and come back with what their disks kept. */
export const crashes: Scenario = async (seed) => {
  const swarm = await beginSwarm(createWorld(seed), 5)
  const { world, getters } = swarm
  for (let round = 0; round < 6; round++) {
    await world.pass(300)
    const { peer } = world.random.pick(getters)
    if (peer.up) peer.crash()
    await world.pass(400)
    checkSafety(swarm)
    for (const { peer: other } of getters) if (!other.up && world.random.uniform() < 0.6) await other.restart()
  }
  for (const { peer } of getters) if (!peer.up) await peer.restart()
  return finish(swarm, 180_000)
}

/** The only seed leaves for good once the getters have everything between them. */
export const seedLeaves: Scenario = async (seed) => {
  const swarm = await beginSwarm(createWorld(seed), 5)
  const { world, content, getters } = swarm
  const isCovered = () =>
    content.blocks.every((_, index) =>
      getters.some(({ peer }) => peer.library.sim(content.shareId)?.have.has(index) === true),
    )
  await world.until('the getters have everything between them', isCovered, 60_000)
  swarm.seed.crash()
  return finish(swarm, 120_000)
}

/** Two of the peers that have it send wrong blocks. */
export const liars: Scenario = async (seed) => {
  const world = createWorld(seed)
  const content = world.content({ blocks: 120, blockBytes: 65_536, nodes: 2 })
  const honest = await world.peer({ up: 2 * mebibyte })
  const liarPeers = [await world.peer({ up: 4 * mebibyte }), await world.peer({ up: 4 * mebibyte })]
  for (const liar of liarPeers) {
    const link = liar.share(content)
    const holding = liar.library.sim(content.shareId)
    if (holding !== undefined) holding.lies = true
    assert.ok(link.peers.length > 0)
  }
  honest.share(content)
  const link = world.linkTo(content, ...liarPeers, honest)
  const getters = []
  for (let i = 0; i < 4; i++) {
    const peer = await world.peer({ up: 4 * mebibyte })
    getters.push({ peer, id: await peer.get(link) })
  }
  const swarm = { world, content, seed: honest, getters }
  const outcome = await finish(swarm, 120_000, liarPeers)
  for (const { peer } of getters) {
    const blamed = peer.blamed()
    assert.ok(
      liarPeers.some((liar) => blamed.some(({ peerId, code }) => peerId === liar.id && code === 'block_hash_wrong')),
      'somebody who lied was blamed',
    )
  }
  return outcome
}

/** One of the peers that have it is a thousand times slower than the other: it must not hold the end up. */
export const slow: Scenario = async (seed) => {
  const world = createWorld(seed)
  const content = world.content({ blocks: 100, blockBytes: 262_144, nodes: 2 })
  const fast = await world.peer({ up: 8 * mebibyte })
  const slowOne = await world.peer({ up: 8_192, delayMs: 200 })
  fast.share(content)
  slowOne.share(content)
  const peer = await world.peer()
  const id = await peer.get(world.linkTo(content, slowOne, fast))
  const outcome = await finish({ world, content, seed: fast, getters: [{ peer, id }] }, 60_000)
  assert.ok(outcome.elapsedMs < 12_000, `took ${outcome.elapsedMs} ms; the fast peer alone needs about 3,200`)
  return outcome
}

/** The net splits in two for a while, then heals. */
export const partition: Scenario = async (seed) => {
  const swarm = await beginSwarm(createWorld(seed), 6)
  const { world } = swarm
  await world.pass(600)
  const ids = world.peers.map(({ id }) => id)
  world.net.split([ids.slice(0, 3), ids.slice(3)])
  await world.pass(20_000 + world.random.below(40_000))
  checkSafety(swarm)
  world.net.heal()
  return finish(swarm, 400_000)
}

/** The author publishes a second version while the first is being fetched: the newest wins, equal blocks count. */
export const newVersion: Scenario = async (seed) => {
  const swarm = await beginSwarm(createWorld(seed), 4)
  const { world, content, getters } = swarm
  await world.pass(700)
  const next = world.content({ blocks: 90, blockBytes: 65_536, nodes: 2 }, content)
  swarm.seed.share(next)
  const outcome = await finish({ ...swarm, content: next }, 120_000)
  for (const { peer } of getters) {
    assert.equal(peer.library.sim(content.shareId)?.record.sequence, 2)
  }
  return outcome
}

/** Disks that take 80 ms a write: what is asked waits for them, and everyone is done all the same. */
export const slowDisk: Scenario = async (seed) => {
  const world = createWorld(seed)
  const content = world.content({ blocks: 120, blockBytes: 65_536, nodes: 2 })
  const author = await world.peer({ up: 8 * mebibyte })
  const link = author.share(content)
  const getters = []
  for (let i = 0; i < 3; i++) {
    const peer = await world.peer({}, { storeMs: 80 })
    getters.push({ peer, id: await peer.get(link) })
  }
  return finish({ world, content, seed: author, getters }, 60_000)
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  calm,
  lossy,
  crashes,
  seedLeaves,
  liars,
  slow,
  slowDisk,
  partition,
  newVersion,
}
