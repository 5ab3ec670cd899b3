// One pair: a daemon asks another one, over the internet of the lab, for a small file; what happened and how fast.

import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Peer as PeerView, Transfer } from '../src/sdk/types.ts'
import type { Peer } from '../test/support/daemon.ts'
import type { Pair } from './homes.ts'
import type { Host } from './topology.ts'
import type { World } from './world.ts'
import { fileHash } from './world.ts'

/** One block, so that its first byte is soon its last. */
const fileBytes = 256 * 1024
const everyMs = 20
/** Until a daemon knows how it is reached, which may be never. */
const settleMsMax = 15_000
const fetchMsMax = 30_000
/** The issue wants it within one second; this shows how late it is. */
const directMsMax = 15_000
/** Where nobody expects it, a shorter look is enough. */
const unlikelyMsMax = 5_000

export interface Side {
  readonly path: PeerView['path']
  readonly transport: PeerView['transport']
  readonly address: string | null
  readonly reachability: string
  /** What it says about the path. */
  readonly sentence: string | null
}

export interface Measured extends Pair {
  /** All times in ms from the moment of asking; null: it did not happen. */
  readonly connectedMs: number | null
  readonly firstByteMs: number | null
  readonly directMs: number | null
  readonly doneMs: number | null
  /** The two had a connection before one asked for the other. */
  readonly met: boolean
  readonly firstPath: 'direct' | 'relayed' | null
  readonly sides: { readonly a: Side; readonly b: Side }
  readonly problem: string | null
}

interface Times {
  connectedMs: number | null
  firstByteMs: number | null
  directMs: number | null
  doneMs: number | null
  firstPath: 'direct' | 'relayed' | null
  problem: string | null
}

async function untilReached(peer: Peer): Promise<void> {
  await waitFor(async () => (await peer.client.status()).reachability.kind !== 'unknown', 5_000)
  await waitFor(async () => ['public', 'relayed'].includes((await peer.client.status()).reachability.kind), settleMsMax)
}

export async function waitFor(look: () => Promise<boolean>, msMax: number): Promise<boolean> {
  const endMs = performance.now() + msMax
  while (!(await look())) {
    if (performance.now() > endMs) return false
    await wait(everyMs)
  }
  return true
}

export interface Offer {
  readonly link: string
  readonly hash: string
}

/** Shares a new file of so many random bytes. */
export async function offer(peer: Peer, bytes: number): Promise<Offer> {
  const folder = join(peer.home, 'offered')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${bytes}-${randomBytes(4).toString('hex')}.bin`)
  writeFileSync(path, randomBytes(bytes))
  const begun = await peer.client.shares.add({ path })
  const { link } = await peer.client.shares.ready(begun.id)
  if (link === null) throw new Error('the share has no link')
  return { link, hash: fileHash(path) }
}

export async function viewOf(peer: Peer, other: Peer): Promise<PeerView | undefined> {
  return (await peer.client.peers.list()).find(({ peerId }) => peerId === other.peerId)
}

async function sideOf(peer: Peer, other: Peer): Promise<Side> {
  const view = await viewOf(peer, other)
  const { reachability } = await peer.client.status()
  const { path = 'none', transport = 'none', address = null, pathSentence: sentence = null } = view ?? {}
  return { path, transport, address, reachability: reachability.kind, sentence }
}

const unknownSide: Side = { path: 'none', transport: 'none', address: null, reachability: 'unknown', sentence: null }

function nothingYet(): Times {
  return { connectedMs: null, firstByteMs: null, directMs: null, doneMs: null, firstPath: null, problem: null }
}

/** `a` fetches a file of `b`. `isLikely`: whether to be patient until they are direct. */
async function fetchAndWatch(a: Peer, b: Peer, isLikely: boolean): Promise<Times> {
  const times = nothingYet()
  const { link, hash } = await offer(b, fileBytes)
  const startMs = performance.now()
  const at = () => Math.round(performance.now() - startMs)
  const begun = await a.client.transfers.add({ link, to: join(a.home, 'got') })
  let transfer: Transfer = begun
  const look = async () => {
    const [view, now] = await Promise.all([viewOf(a, b), a.client.transfers.get(begun.id)])
    transfer = now
    if (view !== undefined && view.path !== 'none') {
      times.connectedMs ??= at()
      times.firstPath ??= view.path
      if (view.path === 'direct') times.directMs ??= at()
    }
    if (now.bytesDone > 0 || now.peers.some(({ bytesIn }) => bytesIn > 0)) times.firstByteMs ??= at()
    if (now.state === 'done') times.doneMs ??= at()
    return now.state === 'done' || now.state === 'failed'
  }
  await waitFor(look, fetchMsMax)
  if (times.doneMs === null) {
    const { problem, sentence } = transfer
    return { ...times, problem: problem?.sentence ?? sentence }
  }
  if (transfer.path === null || fileHash(transfer.path) !== hash)
    return { ...times, problem: 'The file is another one.' }
  await waitFor(
    async () => {
      await look()
      return times.directMs !== null
    },
    isLikely ? directMsMax : unlikelyMsMax,
  )
  return times
}

/** Both are running and know how they are reached. What goes wrong, a daemon that ends too, is the pair's problem. */
async function measure(pair: Pair, a: Peer, b: Peer, isLikely: boolean): Promise<Measured> {
  try {
    const met = (await viewOf(a, b))?.state === 'connected'
    const times = await fetchAndWatch(a, b, isLikely)
    return { ...pair, ...times, met, sides: { a: await sideOf(a, b), b: await sideOf(b, a) } }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { ...pair, ...nothingYet(), problem, met: false, sides: { a: unknownSide, b: unknownSide } }
  }
}

export interface MeasureOptions {
  readonly isLikely: (pair: Pair) => boolean
  readonly tell: (measured: Measured) => void
  /** Leaves the last two daemons running. */
  readonly keep: boolean
  readonly signal: AbortSignal
}

/** Pairs with the same `b` share its daemon; `a` is a new one each time, so no two have met. */
export async function measureAll(
  world: World,
  pairs: readonly Pair[],
  options: MeasureOptions,
): Promise<readonly Measured[]> {
  const all: Measured[] = []
  const isLast = (pair: Pair) => options.keep && pair === pairs.at(-1)
  for (const [kind, row] of Map.groupBy(pairs, ({ b }) => b)) {
    const home = await world.home(kind, 2)
    const b = await startReached(world, home.hosts.at(-1))
    for (const pair of row) {
      if (options.signal.aborted) return all
      const a = await startReached(world, (pair.a === 'lan' ? home : await world.home(pair.a, 1)).hosts[0])
      const measured = await measure(pair, a, b, options.isLikely(pair))
      all.push(measured)
      options.tell(measured)
      if (!isLast(pair)) await a.stop()
    }
    if (!row.some(isLast)) await b.stop()
  }
  return all
}

/** A new daemon that knows how it is reached. */
export async function startReached(world: World, host: Host | undefined): Promise<Peer> {
  if (host === undefined) throw new Error('a home has a host')
  const peer = await world.start(host)
  await untilReached(peer)
  return peer
}
