// An hour of everything at once, in the simulator's clock: a swarm and a community whose peers come and go, crash, run out
// of disk, lose blocks, lie, are cut off from each other, and are flooded with what no honest peer sends. Each round ends
// in peace, when everything that was promised has to be there, and what the programs keep in memory is counted.

import assert from 'node:assert/strict'
import { queryObjects } from 'node:v8'
import { generalChannel } from '../../src/apps/chat/core.ts'
import { equalBytes, toHex } from '../../src/base/bytes.ts'
import { isPeerhoodError } from '../../src/base/errors.ts'
import { directProtocol } from '../../src/community/direct/wire.ts'
import { meetProtocol } from '../../src/community/meet/wire.ts'
import { logProtocol } from '../../src/log/sync/wire.ts'
import type { CommunityId } from '../../src/log/types.ts'
import type { PeerId } from '../../src/network/types.ts'
import type { TransferId } from '../../src/transfer/types.ts'
import type { Content } from './holdings.ts'
import type { SimNetwork } from './network.ts'
import type { SeededRandom } from './random.ts'
import { createRawPeer, type RawPeer } from './raw-peer.ts'
import { agreement, createTogetherWorld, factsOf, read, type Someone, type TogetherWorld } from './together-world.ts'
import { createWorld, peerIdOf, type SimPeer, type World } from './world.ts'

export interface SoakOutcome {
  readonly virtualMinutes: number
  /** Live objects and waiting timers, in the peace after each round. */
  readonly counts: readonly Count[]
  /** What was done, by what it was. */
  readonly events: ReadonlyMap<string, number>
}

interface Count {
  readonly minute: number
  readonly objects: number
  readonly timers: number
}

const minuteMs = 60_000
/** So much more of anything, after the first third, is no leak. */
const growthMax = 1.15

/** All objects that are alive, whosever they are: a leak shows whatever holds it. */
function countObjects(): number {
  return queryObjects(Object, { format: 'count' })
}

/** Nothing grows once all that happens has happened a few times. */
export function assertFlat(counts: readonly Count[]): void {
  const third = Math.ceil(counts.length / 3)
  const most = (part: readonly Count[], what: 'objects' | 'timers') => Math.max(...part.map((count) => count[what]))
  for (const what of ['objects', 'timers'] as const) {
    const before = most(counts.slice(third, 2 * third), what)
    const after = most(counts.slice(2 * third), what)
    const allowed = before * growthMax + 50
    assert.ok(
      after <= allowed,
      `${what} grew from ${before} to ${after}: ${counts.map((count) => count[what]).join(', ')}`,
    )
  }
}

function createTally() {
  const events = new Map<string, number>()
  return { events, note: (what: string) => void events.set(what, (events.get(what) ?? 0) + 1) }
}

/** What a stranger sends: nothing, bytes, frames that are cut, huge lengths, and a hello that proves nothing. */
function nonsense(random: SeededRandom): Uint8Array {
  switch (random.below(5)) {
    case 0:
      return random.bytes(1 + random.below(64))
    case 1:
      return Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1 + random.below(17))
    case 2:
      return Uint8Array.of(0, 0, 0, 0)
    case 3:
      return Uint8Array.of(0, 0, 0, 65, 1, ...random.bytes(64))
    default:
      return random.bytes(20_000)
  }
}

// ---- a swarm

interface SwarmSoak {
  readonly world: World
  readonly author: SimPeer
  readonly getters: SimPeer[]
  readonly note: (what: string) => void
}

interface Round {
  readonly content: Content
  readonly wanted: Map<SimPeer, TransferId>
  readonly flooder: RawPeer
}

/** Twelve rounds of five minutes unless told otherwise. */
export async function soakSwarm(seed: string, rounds = 12): Promise<SoakOutcome> {
  const world = createWorld(seed)
  const { events, note } = createTally()
  const author = await world.peer({ up: 4_000_000 })
  const getters: SimPeer[] = []
  for (let number = 0; number < 4; number++)
    getters.push(await world.peer({ up: 4_000_000, delayMs: 5 + world.random.below(40) }))
  const soak: SwarmSoak = { world, author, getters, note }
  const counts: Count[] = []
  for (let number = 0; number < rounds; number++) {
    const endMs = (number + 1) * 5 * minuteMs
    await swarmRound(soak, endMs)
    await world.pass(Math.max(0, endMs - world.clock.monotonicMs()))
    counts.push({ minute: 5 * (number + 1), objects: countObjects(), timers: world.clock.pending })
  }
  await world.stop()
  await world.pass(minuteMs)
  assert.equal(world.clock.pending, 0, 'a stopped world has no timers left')
  return { virtualMinutes: world.clock.monotonicMs() / minuteMs, counts, events }
}

async function swarmRound(soak: SwarmSoak, endMs: number): Promise<void> {
  const { world, author, getters, note } = soak
  const content = world.content({ blocks: 40, blockBytes: 32_768, nodes: 2 })
  const link = author.share(content)
  const round: Round = { content, wanted: new Map(), flooder: createRawPeer(world, content) }
  for (const peer of getters) round.wanted.set(peer, await peer.get(link))
  // One who comes for this round and leaves for good, with whatever it has.
  const guest = await world.peer({ up: 500_000 })
  await guest.get(link)
  const faultsUntilMs = endMs - 2.5 * minuteMs
  while (world.clock.monotonicMs() < faultsUntilMs) {
    await swarmFault(soak, round)
    await world.pass(world.random.below(6_000))
  }
  note('a guest leaves for good')
  guest.crash()
  await inPeace(soak, round)
  checkSwarm(soak, round)
  await forgetRound(soak, round)
  world.net.crash(round.flooder.id)
  forget(world.peers, guest)
}

/** The simulation's own memory of who is gone for good. */
function forget<Item>(all: readonly Item[], gone: Item): void {
  const items = all as Item[]
  items.splice(items.indexOf(gone), 1)
}

async function swarmFault(
  { world, author, getters, note }: SwarmSoak,
  { content, wanted, flooder }: Round,
): Promise<void> {
  const { random, net } = world
  const peer = random.pick(getters)
  const ids = world.peers.filter(({ up }) => up).map(({ id }) => id)
  switch (random.below(9)) {
    case 0:
      if (!peer.up) return
      note('crash')
      return peer.crash()
    case 1:
    case 2:
      if (peer.up) return
      note('restart')
      return peer.restart()
    case 3:
      note('cut')
      return net.cut(random.pick(ids), random.pick(ids))
    case 4: {
      note('split')
      const half = ids.filter(() => random.below(2) === 0)
      net.split([half, ids.filter((id) => !half.includes(id))])
      await world.pass(random.below(20_000))
      return net.heal()
    }
    case 5:
      note('disk full')
      peer.disk.freeBytes = random.below(200_000)
      return
    case 6: {
      note('block lost')
      // The author's never: somebody has to have it in the end.
      const holding = peer.library.sim(content.shareId)
      if (holding?.inventory !== undefined) holding.lose(random.below(holding.inventory.count))
      return
    }
    case 7:
      if (!peer.up || !wanted.has(peer)) return
      note('pause and resume')
      await peer.service.pause(wanted.get(peer) as TransferId).catch(refusedInWords)
      await world.pass(random.below(3_000))
      if (peer.up) await peer.service.resume(wanted.get(peer) as TransferId).catch(refusedInWords)
      return
    default:
      note('flood')
      return floodShare(world, flooder, random.pick([author, ...getters]))
  }
}

/** What was refused in words is part of life, a defect is not. */
function refusedInWords(error: unknown): void {
  if (!isPeerhoodError(error) || error.kind === 'internal') throw error
}

async function floodShare(world: World, flooder: RawPeer, victim: SimPeer): Promise<void> {
  if (!victim.up) return
  for (let stream = 0; stream < 20; stream++) {
    try {
      const talk = await flooder.dial(victim)
      if (world.random.below(2) === 0) talk.greet()
      for (let left = world.random.below(40); left > 0; left--) talk.sendBytes(nonsense(world.random))
    } catch (error) {
      // Paused, or the victim is gone or full: that is what is meant to come of it.
      refusedInWords(error)
    }
  }
}

/** Everybody is there, with a disk that has room and nobody who lies. */
async function inPeace({ world, author, getters }: SwarmSoak, { wanted }: Round): Promise<void> {
  world.net.heal()
  for (const peer of getters) {
    peer.disk.freeBytes = Number.POSITIVE_INFINITY
    if (!peer.up) await peer.restart()
  }
  assert.ok(author.up)
  for (const [peer, id] of wanted) {
    if (peer.service.view(id).state !== 'done') await peer.service.resume(id).catch(refusedInWords)
  }
  await world.until(
    'everyone is done',
    () => [...wanted].every(([peer, id]) => peer.service.view(id).state === 'done'),
    30 * minuteMs,
  )
}

function checkSwarm({ world, author, getters }: SwarmSoak, { content, wanted }: Round): void {
  for (const peer of wanted.keys()) {
    const holding = peer.library.sim(content.shareId)
    assert.equal(holding?.finished, true)
    for (const [index, block] of content.blocks.entries()) {
      const digest = holding?.inventory?.digest(index) ?? new Uint8Array(0)
      assert.ok(equalBytes(peer.disk.blocks.get(toHex(digest)) ?? new Uint8Array(0), block), `block ${index} differs`)
    }
  }
  for (const peer of [author, ...getters]) {
    const wronged = peer.blamed().filter(({ peerId }) => world.peers.some(({ id }) => id === peerId))
    assert.deepEqual(wronged, [], `honest peers were blamed by ${peer.id}`)
    assert.ok(!peer.warnings.includes('session_defect'), 'nothing of ours is broken')
    peer.warnings.length = 0
  }
}

/** The share goes again, and what the simulation keeps of it. */
async function forgetRound({ world, author, getters }: SwarmSoak, { content, wanted }: Round): Promise<void> {
  for (const peer of [author, ...getters]) {
    const id = wanted.get(peer)
    let isRemoved = id === undefined
    if (id !== undefined)
      void peer.service.remove(id).then(() => {
        isRemoved = true
      })
    await world.until('a transfer is removed', () => isRemoved, minuteMs)
    peer.library.unshare(content.shareId)
    peer.disk.blocks.clear()
    peer.disk.pages.clear()
    peer.disk.finished.clear()
  }
}

// ---- a community

interface VillageSoak {
  readonly world: TogetherWorld
  readonly id: CommunityId
  readonly people: Someone[]
  /** What was acknowledged as sent. */
  readonly sent: string[]
  readonly stranger: SimNetwork
  readonly note: (what: string) => void
}

/** Six rounds of ten minutes unless told otherwise. */
export async function soakVillage(seed: string, rounds = 6): Promise<SoakOutcome> {
  const world = createTogetherWorld(seed)
  const { events, note } = createTally()
  const ada = await world.person('Ada')
  const { id } = await world.done('a founding', ada.life.communities.found({ name: 'Us', memberName: 'Ada' }))
  const stranger = world.net.join(peerIdOf(world.random), { up: 50_000_000, delayMs: 5 })
  const soak: VillageSoak = { world, id, people: [ada], sent: [], stranger, note }
  for (const name of ['Ben', 'Cem', 'Dor']) soak.people.push(await joins(soak, name))
  const counts: Count[] = []
  for (let number = 0; number < rounds; number++) {
    await villageRound(soak, number, (number + 1) * 10 * minuteMs)
    counts.push({ minute: 10 * (number + 1), objects: countObjects(), timers: world.clock.pending })
  }
  await world.stop()
  await world.pass(minuteMs)
  return { virtualMinutes: world.clock.monotonicMs() / minuteMs, counts, events }
}

async function joins(
  { world, id, people, note }: Pick<VillageSoak, 'world' | 'id' | 'people' | 'note'>,
  name: string,
): Promise<Someone> {
  note('join')
  const host = people.find(({ up }) => up)
  assert.ok(host !== undefined)
  const someone = await world.person(name)
  const { link } = await world.done('an invitation', host.life.communities.invite(id, {}))
  await world.done(`${name} joins`, someone.life.communities.join(link, { memberName: name }))
  await world.until(`all know ${name}`, () =>
    people.every((one) => !one.up || factsOf(one, id)?.state?.members.get(someone.identity.did)?.state === 'active'),
  )
  return someone
}

async function villageRound(soak: VillageSoak, number: number, endMs: number): Promise<void> {
  const { world, id, people, sent, note } = soak
  const guest = await joins(soak, `Guest ${number}`)
  people.push(guest)
  for (let step = 0; world.clock.monotonicMs() < endMs - 2 * minuteMs; step++) {
    await villageFault(soak, `${number}.${step}`)
    await world.pass(world.random.below(15_000))
  }
  world.net.heal()
  world.net.gossipLoss = 0
  for (const someone of people) if (!someone.up) await someone.restart()
  for (const someone of people) someone.life.sync.nudge(id)
  const has = (someone: Someone) => {
    const texts = new Set(read(someone, id).map(({ text }) => text))
    return sent.every((text) => texts.has(text))
  }
  await holds(world, 'everybody has all that was sent', () => people.every(has))
  const agreed = () => new Set(people.map((someone) => JSON.stringify(agreement(someone, id)))).size === 1
  await holds(world, 'everybody agrees', agreed)
  // Half of the guests leave, the others are removed; what they wrote stays.
  if (number % 2 === 0) {
    note('leave')
    await world.done('a leave', guest.life.communities.leave(id))
  } else {
    note('removal')
    await world.done('a removal', (people[0] ?? guest).life.communities.removeMember(id, guest.identity.did))
  }
  people.splice(people.indexOf(guest), 1)
  await world.pass(Math.max(0, endMs - minuteMs - world.clock.monotonicMs()))
  await guest.crash()
  guest.database.close()
  forget(world.people, guest)
  for (const someone of people) {
    assert.ok(!someone.warnings.some((code) => code.includes('defect') || code === 'internal'), someone.warnings.join())
    someone.warnings.length = 0
  }
  await world.pass(Math.max(0, endMs - world.clock.monotonicMs()))
}

/** As `world.until`, for what is dear to look at. */
async function holds(world: TogetherWorld, what: string, condition: () => boolean): Promise<void> {
  const limitMs = world.clock.monotonicMs() + 20 * minuteMs
  while (!condition()) {
    assert.ok(world.clock.monotonicMs() < limitMs, `not within 20 minutes: ${what}`)
    await world.pass(2_000)
  }
}

async function villageFault(soak: VillageSoak, name: string): Promise<void> {
  const { world, id, people, sent, note } = soak
  const { random, net } = world
  const up = people.filter((one) => one.up)
  const someone = random.pick(up)
  const dice = random.below(20)
  if (dice < 10) {
    note('message')
    const text = `${someone.name} ${name}`
    await world.done('a message', someone.life.chat.send(id, { channel: generalChannel, text }))
    sent.push(text)
  } else if (dice < 12) {
    if (up.length < 2) return
    note('crash')
    await someone.crash()
  } else if (dice < 15) {
    for (const one of people)
      if (!one.up) {
        note('restart')
        await one.restart()
      }
  } else if (dice < 16) {
    note('split')
    const half = people.filter(() => random.below(2) === 0).map(({ peerId }) => peerId)
    net.split([half, people.map(({ peerId }) => peerId).filter((peerId) => !half.includes(peerId))])
  } else if (dice < 18) net.heal()
  else if (dice < 19) {
    note('gossip lost')
    net.gossipLoss = random.uniform() / 2
  } else {
    note('flood')
    await floodPerson(soak, someone)
  }
}

/** Every protocol that persons serve, with whatever a stranger likes to send. */
async function floodPerson({ world, stranger }: VillageSoak, someone: Someone): Promise<void> {
  for (let stream = 0; stream < 40; stream++) {
    const protocol = world.random.pick([logProtocol, meetProtocol, directProtocol])
    try {
      await world.done('a stranger', open(stranger, someone.peerId, protocol, nonsense(world.random)))
    } catch (error) {
      refusedInWords(error)
    }
  }
}

async function open(stranger: SimNetwork, peerId: PeerId, protocol: string, bytes: Uint8Array): Promise<void> {
  await stranger.connect({ peerId, addresses: [`/sim/${peerId}`] }, { source: 'manual' })
  const stream = await stranger.openStream(peerId, protocol)
  stream.send(bytes)
}
