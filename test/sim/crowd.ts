// A share that a crowd wants at once: one seed, many peers behind uplinks of 10 to 100 Mbit/s, some of which leave in the
// middle without a word and some of which lie. Real transfer services over the simulated network; blocks have their real
// size on the wire and cost next to no memory. What comes out is compared with the fluid limit (fluid.ts).

import { toHex } from '../../src/base/bytes.ts'
import { digestOf } from '../../src/content/format/keys.ts'
import type { BlockBuffers } from '../../src/content/worker/buffers.ts'
import type { PeerId } from '../../src/network/types.ts'
import { fluidLimitMs } from './fluid.ts'
import type { Content } from './holdings.ts'
import { createWorld, type SimPeer, type World } from './world.ts'

export interface CrowdOptions {
  readonly seed: string
  readonly peers: number
  readonly blocks: number
  readonly blockBytes: number
  /** The seed's uplink, in Mbit/s. */
  readonly seedUp: number
}

export interface CrowdResult {
  /** The least time in which it could be done. */
  readonly limitMs: number
  /** When each honest peer that stayed was done, the last one last. */
  readonly doneMs: readonly number[]
  /** Copies of the share that the seed sent. */
  readonly seedCopies: number
  /** Blames of honest peers by honest peers. */
  readonly honestBlamed: readonly { readonly by: PeerId; readonly peerId: PeerId; readonly code: string }[]
  /** Peers that would lie, those of them that an honest peer had a block of, and those that honest peers blamed. */
  readonly liars: number
  readonly liarsHeard: number
  readonly liarsBlamed: number
  /** Block bytes sent by honest peers for each that somebody has now. */
  readonly sentPerKept: number
}

interface Guest {
  readonly up: number
  readonly delayMs: number
  /** `all`: claims to have everything from the beginning, fetches nothing and goes to others by itself. */
  readonly lies: 'no' | 'while-fetching' | 'all'
  readonly leavesMs: number | undefined
}

interface Crowd {
  readonly world: World
  readonly content: Content
  readonly seed: SimPeer
  readonly guests: readonly (Guest & { readonly peer: SimPeer })[]
  /** Liars that an honest peer had a block of. */
  readonly heard: ReadonlySet<PeerId>
}

const bytesPerMegabit = 125_000
/** Homes: more comes in than goes out. It bounds nobody's share of the limit, but what arrives at once waits. */
const down = 200 * bytesPerMegabit
const leavingShare = 0.2
const lyingShare = 0.05
/** Whoever wants to be believed does not wait to be found: others are enough for most, before they hear of it. */
const liarContacts = 8

export async function crowd(options: CrowdOptions): Promise<CrowdResult> {
  const { seed: name, blocks, blockBytes } = options
  const world = createWorld(name)
  world.net.sharesMemory = true
  const content = world.content({ blocks, blockBytes, nodes: 1, nodeBytes: 64 * blocks, sparse: true })
  const parts = {
    common: new Map(content.blocks.map((block) => [toHex(digestOf(block)), block])),
    blockBuffers: createCommonBuffers(),
  }
  const { bytes } = content.record
  const seed = await world.peer({ up: options.seedUp * bytesPerMegabit, down, delayMs: 10 }, parts)
  const link = seed.share(content)
  const doneMs: number[] = []
  const guests: Crowd['guests'][number][] = []
  for (const guest of invite(world, options, bytes)) {
    const peer = await world.peer({ up: guest.up, down, delayMs: guest.delayMs }, parts)
    guests.push({ ...guest, peer })
    lie(peer, guest, content)
    if (guest.lies === 'all') continue
    if (isCounted(guest)) onDone(peer, () => doneMs.push(world.clock.monotonicMs()))
    await peer.get(link)
    if (guest.leavesMs !== undefined) world.clock.after(guest.leavesMs, () => peer.crash())
  }
  meet(world, guests)
  const heard = hearLies(world, guests, blockBytes)
  const limitMs = limitOf(bytes, options, guests)
  const count = guests.filter(isCounted).length
  await world.until('everyone honest who stayed is done', () => doneMs.length === count, 20 * limitMs)
  const result = { limitMs, doneMs, ...account({ world, content, seed, guests, heard }) }
  await world.stop()
  return result
}

/** Honest, and there to the end. */
const isCounted = ({ lies, leavesMs }: Guest) => lies === 'no' && leavesMs === undefined

function limitOf(bytes: number, { seedUp }: CrowdOptions, guests: readonly Guest[]): number {
  const honest = guests.filter(({ lies }) => lies === 'no')
  return fluidLimitMs(
    bytes,
    seedUp * bytesPerMegabit,
    honest.map((guest) => ({ ...guest, down })),
  )
}

/** Who comes, with what uplink; who leaves does so between a quarter and three quarters of the least time. */
function invite(world: World, options: CrowdOptions, bytes: number): Guest[] {
  const { random } = world
  const liars = Math.round(options.peers * lyingShare)
  const leaving = Math.round(options.peers * leavingShare)
  const guests = Array.from(
    { length: options.peers },
    (_, i): Guest => ({
      up: (10 + 90 * random.uniform()) * bytesPerMegabit,
      delayMs: 5 + random.below(45),
      lies: i >= liars ? 'no' : i % 2 === 0 ? 'all' : 'while-fetching',
      leavesMs: undefined,
    }),
  )
  const limitMs = limitOf(bytes, options, guests)
  return guests.map((guest, i) => ({
    ...guest,
    leavesMs: i >= liars && i < liars + leaving ? limitMs * (0.25 + 0.5 * random.uniform()) : undefined,
  }))
}

function lie(peer: SimPeer, { lies }: Guest, content: Content): void {
  if (lies === 'no') return
  const makeLie = () => {
    const holding = peer.library.sim(content.shareId)
    if (holding !== undefined) holding.lies = true
  }
  peer.library.on(makeLie)
  if (lies === 'all') peer.share(content)
}

function meet({ random }: World, guests: Crowd['guests']): void {
  const honest = guests.filter(({ lies }) => lies === 'no')
  for (const liar of guests.filter(({ lies }) => lies === 'all')) {
    for (let contacts = 0; contacts < liarContacts; contacts++) {
      const { id } = honest[random.below(honest.length)]?.peer ?? liar.peer
      // Who has gone meanwhile is not met.
      void liar.peer.network.connect({ peerId: id, addresses: [`/sim/${id}`] }, { source: 'manual' }).catch(() => {})
    }
  }
}

const liarsOf = (guests: Crowd['guests']) => guests.filter(({ lies }) => lies !== 'no').map(({ peer }) => peer.id)

/** Liars fetch of each other as well, and blame nobody: what counts is what comes to others. */
function hearLies({ net }: World, guests: Crowd['guests'], blockBytes: number): ReadonlySet<PeerId> {
  const liars = new Set(liarsOf(guests))
  const heard = new Set<PeerId>()
  const bytesOf = new Map<string, number>()
  const { onDelivery } = net
  net.onDelivery = (from, to, bytes) => {
    onDelivery(from, to, bytes)
    if (!liars.has(from) || liars.has(to) || heard.has(from)) return
    const way = `${from} ${to}`
    const sum = (bytesOf.get(way) ?? 0) + bytes.length
    bytesOf.set(way, sum)
    if (sum >= blockBytes) heard.add(from)
  }
  return heard
}

function onDone(peer: SimPeer, done: () => void): void {
  const off = peer.service.on((event) => {
    if (event.type !== 'transfer' || event.transfer.state !== 'done') return
    off()
    done()
  })
}

function account({ content, seed, guests, heard }: Crowd): Omit<CrowdResult, 'limitMs' | 'doneMs'> {
  const { bytes } = content.record
  const sentBy = (peer: SimPeer) => peer.service.uploads()[0]?.bytesTotal ?? 0
  const keptBy = (peer: SimPeer) => peer.library.sim(content.shareId)?.bytesDone ?? 0
  const sum = (peers: readonly SimPeer[], of: (peer: SimPeer) => number) => peers.reduce((all, one) => all + of(one), 0)
  const honest = [seed, ...guests.filter(({ lies }) => lies === 'no').map(({ peer }) => peer)]
  const liars = new Set(liarsOf(guests))
  const blames = honest.flatMap((by) => by.blamed().map((blamed) => ({ by: by.id, ...blamed })))
  const liarsBlamed = new Set(blames.map(({ peerId }) => peerId).filter((peerId) => liars.has(peerId)))
  const fetched = guests.filter(({ lies }) => lies !== 'all').map(({ peer }) => peer)
  return {
    seedCopies: sentBy(seed) / bytes,
    honestBlamed: blames.filter(({ peerId }) => !liars.has(peerId)),
    liars: liars.size,
    // A block of the folder's own is smaller than that, and enough to be blamed for.
    liarsHeard: new Set([...heard, ...liarsBlamed]).size,
    liarsBlamed: liarsBlamed.size,
    sentPerKept: sum(honest, sentBy) / sum(fetched, keptBy),
  }
}

/** Gives back what it took, so that a crowd's blocks do not fill the memory before they are collected. */
function createCommonBuffers(): BlockBuffers {
  const own = new WeakSet<Uint8Array>()
  const free: Uint8Array[] = []
  return {
    take(length) {
      const bytes = free.at(-1)?.length === length ? free.pop() : undefined
      if (bytes !== undefined) return bytes
      const fresh = new Uint8Array(length)
      own.add(fresh)
      return fresh
    },
    keep: (bytes) => bytes,
    give(bytes) {
      if (own.has(bytes)) free.push(bytes)
    },
  }
}
