// What to ask of a peer next: inner nodes, then what readers wait for, then the rarest blocks, ties broken at random and
// continued in runs of neighbours. Each choice costs a bounded number of probes; when rarity alone does not find a block
// that the peer has, a search over the bits does, eight blocks a step and going on where it last ended.

import { nextInBoth } from './bits.ts'
import { type FetchState, markAsked, open } from './fetch-state.ts'
import { rarityProbesMax, runBytesMax } from './limits.ts'
import { fits, hasRoom, noteAsked, type PeerState, peerHas } from './peer-core.ts'

/** Chooses blocks for one peer until its window or `budgetBytes` is used up, and marks them as asked. */
export function fillPeer(
  state: FetchState,
  peer: PeerState,
  budgetBytes: number,
  mayExceed: boolean,
  nowMs: number,
): number[] {
  const picked: number[] = []
  if (!hasRoom(peer) || peer.dryEpoch === state.epoch) return picked
  let budget = budgetBytes
  for (;;) {
    const index = pick(state, peer)
    if (index < 0) {
      peer.dryEpoch = state.epoch
      break
    }
    const bytes = state.options.lengthOf(index)
    const entitled = mayExceed && peer.asked.size === 0
    if (!fits(peer, bytes) || (bytes > budget && !entitled)) break
    budget -= bytes
    ask(state, peer, index, nowMs)
    continueRun(peer, index, bytes)
    picked.push(index)
  }
  return picked
}

/** Marks a block as asked of a peer, also when others were asked before. */
export function ask(state: FetchState, peer: PeerState, index: number, nowMs: number): void {
  const bytes = state.options.lengthOf(index)
  noteAsked(peer, index, bytes, nowMs)
  state.askedBytes += bytes
  markAsked(state, index, peer.key)
}

function continueRun(peer: PeerState, index: number, bytes: number): void {
  peer.runBytes = peer.runNext === index ? peer.runBytes + bytes : bytes
  peer.runNext = index + 1
}

function pick(state: FetchState, peer: PeerState): number {
  let index = pickNode(state, peer)
  if (index < 0) index = pickUrgent(state, peer)
  if (index < 0) index = pickRun(state, peer, pickRare(state, peer))
  if (index < 0) index = pickAny(state, peer)
  return index
}

function pickNode(state: FetchState, peer: PeerState): number {
  const { nodes } = state.options
  if (state.nodesFrom >= nodes) return -1
  const first = nextInBoth(state.openBits, undefined, state.nodesFrom, nodes)
  state.nodesFrom = first < 0 ? nodes : first
  return first < 0 ? -1 : nextInBoth(state.openBits, peer.bits, first, nodes)
}

/** What readers wait for, each one's first block before anyone's second: a long read ahead must not starve another reader. */
function pickUrgent(state: FetchState, peer: PeerState): number {
  const readers = [...state.readers.values()]
  for (let ahead = 0; readers.some((indexes) => ahead < indexes.length); ahead++) {
    for (const indexes of readers) {
      const index = indexes[ahead]
      if (index !== undefined && state.status[index] === open && peerHas(peer, index)) return index
    }
  }
  return -1
}

/** The neighbour of the last, unless it is more common than the rarest that was found: that would never get around. */
function pickRun({ rarity }: FetchState, peer: PeerState, rarest: number): number {
  const { runNext, runBytes } = peer
  if (runNext <= 0 || runBytes >= runBytesMax || !rarity.has(runNext) || !peerHas(peer, runNext)) return rarest
  const common = rarest >= 0 && rarity.availability(runNext) > rarity.availability(rarest)
  return common ? rarest : runNext
}

function pickRare(state: FetchState, peer: PeerState): number {
  const { rarity, options } = state
  let probes = rarityProbesMax
  // A peer without everything has only blocks that at least one incomplete peer has: itself.
  let level = rarity.level(peer.bits === undefined ? 0 : 1)
  while (level >= 0 && probes > 0) {
    const count = rarity.count(level)
    const start = Math.floor(options.random() * count)
    const tries = Math.min(count, probes)
    for (let i = 0; i < tries; i++) {
      const index = rarity.at(level, (start + i) % count)
      if (peerHas(peer, index)) return index
    }
    probes -= tries
    level = rarity.level(level + 1)
  }
  return -1
}

/** The next block that the peer has and nobody is asked for. */
export function pickAny(state: FetchState, peer: PeerState): number {
  if (!peer.known || state.rarity.size === 0) return -1
  const { blocks } = state.options
  let index = nextInBoth(state.openBits, peer.bits, peer.cursor, blocks)
  if (index < 0) index = nextInBoth(state.openBits, peer.bits, 0, Math.min(peer.cursor, blocks))
  if (index >= 0) peer.cursor = index
  return index
}
