// The scheduler of one fetch: which block to ask of which peer, when to ask again elsewhere, whom to leave. Pure: inputs
// and time go in, effects come out; the state is changed in place (see fetch-state.ts). Work per block is constant (a
// bounded number of probes); only joining peers, changed patterns and refreshes cost time linear in the blocks.
//
//   peers tell what they have ──► rarity ──► pick-core ──► want ──► arrived ──► store ──► stored
//                                    ▲                        └─ tick: rescue-core repeats what is late
//                                    └── bad, missing, left: the blocks open again

import { clearBit, createBits, forEachBit, hasBit, nextInBoth, setBit } from './bits.ts'
import {
  arrived,
  createFetchState,
  type FetchOptions,
  type FetchState,
  here,
  markArrived,
  markHere,
  markOpen,
  refreshWanted,
  release,
} from './fetch-state.ts'
import { fewPeersMax } from './limits.ts'
import { createPeerState, noteArrival, type PeerKey, type PeerState, peerHas } from './peer-core.ts'
import { fillPeer, pickAny } from './pick-core.ts'
import { rescue } from './rescue-core.ts'

export type { FetchOptions, FetchState } from './fetch-state.ts'
export type { PeerKey } from './peer-core.ts'

export type FetchInput =
  /** A session became ready; it is choked and has nothing until it says otherwise. */
  | { readonly type: 'joined'; readonly peer: PeerKey }
  /** A session ended. */
  | { readonly type: 'left'; readonly peer: PeerKey }
  /** The peer has every block. */
  | { readonly type: 'have-all'; readonly peer: PeerKey }
  /** The peer has exactly these (packed bits, checked for length). The array becomes the state's own. */
  | { readonly type: 'have-bits'; readonly peer: PeerKey; readonly bits: Uint8Array }
  /** The peer has these as well. */
  | { readonly type: 'have'; readonly peer: PeerKey; readonly indexes: readonly number[] }
  /** The peer won't send these. */
  | { readonly type: 'missing'; readonly peer: PeerKey; readonly indexes: readonly number[] }
  /** The peer drops what we asked (true), or serves us (false). */
  | { readonly type: 'choke'; readonly peer: PeerKey; readonly on: boolean }
  /** It goes on by another session: ask nothing more of this one. */
  | { readonly type: 'retire'; readonly peer: PeerKey }
  /** Block bytes that came from the peer so far, parts of blocks included. */
  | { readonly type: 'progress'; readonly peer: PeerKey; readonly bytes: number }
  /** A block's bytes are here, unverified. */
  | { readonly type: 'arrived'; readonly peer: PeerKey; readonly index: number }
  /** A block is verified and written, whoever sent it. */
  | { readonly type: 'stored'; readonly index: number }
  /** A block did not have its hash. */
  | { readonly type: 'bad'; readonly peer: PeerKey; readonly index: number }
  /** A reader waits for these, the most urgent first; empty: it has gone. */
  | { readonly type: 'read'; readonly reader: number; readonly indexes: readonly number[] }
  /** `isWanted` or `isHere` changed. */
  | { readonly type: 'refresh' }
  /** Ask for more, of one peer or all, within a budget of bytes. */
  | { readonly type: 'fill'; readonly peer?: PeerKey; readonly budgetBytes: number; readonly mayExceed: boolean }
  /** Time passed. */
  | { readonly type: 'tick' }

export type FetchEffect =
  | { readonly type: 'want'; readonly peer: PeerKey; readonly indexes: readonly number[] }
  /** Tell the peer that these are no longer needed; they may come all the same. */
  | { readonly type: 'cancel'; readonly peer: PeerKey; readonly indexes: readonly number[] }
  /** These are no longer expected of the peer, but may come all the same. */
  | { readonly type: 'forget'; readonly peer: PeerKey; readonly indexes: readonly number[] }
  /** Verify and write the block that just arrived. */
  | { readonly type: 'store'; readonly peer: PeerKey; readonly index: number }
  /** Tell the peer whether it has blocks that we need. */
  | { readonly type: 'interest'; readonly peer: PeerKey; readonly on: boolean }
  /** The peer sent a wrong block. */
  | { readonly type: 'blame'; readonly peer: PeerKey; readonly code: 'block_hash_wrong' }
  /** The peer is of no use: end its session. */
  | { readonly type: 'leave'; readonly peer: PeerKey; readonly code: 'peer_stalled' }
  /** Everything wanted is here. */
  | { readonly type: 'complete' }

export function createFetch(options: FetchOptions): FetchState {
  return createFetchState(options)
}

export function stepFetch(state: FetchState, input: FetchInput, nowMs: number): FetchEffect[] {
  switch (input.type) {
    case 'stored':
      return stored(state, input.index)
    case 'read':
      return read(state, input.reader, input.indexes)
    case 'refresh':
      return refresh(state)
    case 'fill':
      return fill(state, input, nowMs)
    case 'tick':
      return tick(state, nowMs)
    case 'joined':
      state.peers.set(input.peer, createPeerState(input.peer, nowMs))
      return []
    default: {
      const peer = state.peers.get(input.peer)
      return peer === undefined ? [] : stepPeer(state, peer, input, nowMs)
    }
  }
}

type PeerInput = Extract<
  FetchInput,
  { type: 'left' | 'have-all' | 'have-bits' | 'have' | 'missing' | 'choke' | 'retire' | 'progress' | 'arrived' | 'bad' }
>

function stepPeer(state: FetchState, peer: PeerState, input: PeerInput, nowMs: number): FetchEffect[] {
  switch (input.type) {
    case 'arrived':
      return blockArrived(state, peer, input.index, nowMs)
    case 'bad':
      return blockBad(state, peer, input.index)
    case 'left':
      return left(state, peer)
    case 'have-all':
      return tellAll(state, peer)
    case 'have-bits':
      return tellBits(state, peer, input.bits)
    case 'have':
      return tellMore(state, peer, input.indexes)
    case 'missing':
      return missing(state, peer, input.indexes)
    case 'choke':
      return choke(state, peer, input.on, nowMs)
    case 'retire':
      peer.retired = true
      return []
    case 'progress':
      return progress(peer, input.bytes, nowMs)
  }
}

// ---- what peers have

function tellAll(state: FetchState, peer: PeerState): FetchEffect[] {
  forgetBits(state, peer)
  peer.known = true
  peer.dryEpoch = -1
  return interest(state, peer)
}

function tellBits(state: FetchState, peer: PeerState, bits: Uint8Array): FetchEffect[] {
  forgetBits(state, peer)
  peer.bits = bits
  peer.known = true
  peer.dryEpoch = -1
  forEachBit(bits, (index) => state.rarity.change(index, 1))
  return interest(state, peer)
}

function tellMore(state: FetchState, peer: PeerState, indexes: readonly number[]): FetchEffect[] {
  peer.dryEpoch = -1
  if (!peer.known) return tellBits(state, peer, bitsOf(state.options.blocks, indexes))
  if (peer.bits === undefined) return []
  for (const index of indexes) {
    peer.insisted.delete(index)
    if (hasBit(peer.bits, index)) continue
    setBit(peer.bits, index)
    state.rarity.change(index, 1)
  }
  return interest(state, peer)
}

/**
 * Whether the peer has blocks that we would ask it for, when that changed: such as nobody was asked for, and in the end game or
 * for a reader any. In a crowd it would otherwise serve us, and wait for nothing, in the place of somebody who asks.
 */
function interest(state: FetchState, peer: PeerState): FetchEffect[] {
  const repeats = state.rarity.size === 0 || state.readers.size > 0
  const on = needs(state, peer) && (repeats || peer.asked.size > 0 || hasOpen(state, peer))
  if (on === peer.interested) return []
  peer.interested = on
  return [{ type: 'interest', peer: peer.key, on }]
}

/** Whether the peer has blocks that we need. Mostly one look: at the block that was the reason before. */
function needs(state: FetchState, peer: PeerState): boolean {
  if (!hasBit(state.needBits, peer.needed) || !peerHas(peer, peer.needed)) {
    const { blocks } = state.options
    const next = nextInBoth(state.needBits, peer.bits, peer.needed, blocks)
    peer.needed = next < 0 ? Math.max(0, nextInBoth(state.needBits, peer.bits, 0, peer.needed)) : next
  }
  return hasBit(state.needBits, peer.needed) && peerHas(peer, peer.needed)
}

/** The same of blocks that nobody is asked for. */
function hasOpen(state: FetchState, peer: PeerState): boolean {
  if (!peer.known || peer.dryEpoch === state.epoch) return false
  if (pickAny(state, peer) >= 0) return true
  peer.dryEpoch = state.epoch
  return false
}

function bitsOf(blocks: number, indexes: readonly number[]): Uint8Array {
  const bits = createBits(blocks)
  for (const index of indexes) setBit(bits, index)
  return bits
}

function forgetBits(state: FetchState, peer: PeerState): void {
  if (peer.bits !== undefined) forEachBit(peer.bits, (index) => state.rarity.change(index, -1))
  peer.bits = undefined
}

function missing(state: FetchState, peer: PeerState, indexes: readonly number[]): FetchEffect[] {
  if (peer.bits === undefined) tellBits(state, peer, allBits(state.options.blocks))
  const bits = peer.bits ?? new Uint8Array(0)
  for (const index of indexes) {
    if (mayInsist(state, peer, index)) {
      peer.insisted.add(index)
      release(state, peer, index)
      continue
    }
    if (hasBit(bits, index)) {
      clearBit(bits, index)
      state.rarity.change(index, -1)
    }
    // All begin where the nodes end: what follows was given to the same other, most likely. Of few, each begins elsewhere.
    if (release(state, peer, index) && !peer.hasSent && state.peers.size <= fewPeersMax) peer.runNext = -1
  }
  return []
}

/** A reader waits for it, and it may be kept for another: nobody is known who could send it on from there. */
function mayInsist(state: FetchState, peer: PeerState, index: number): boolean {
  if (state.readers.size === 0 || !peer.asked.has(index) || peer.insisted.has(index)) return false
  for (const other of state.peers.values()) if (other !== peer && other.bits !== undefined) return false
  return [...state.readers.values()].some((indexes) => indexes.includes(index))
}

function allBits(blocks: number): Uint8Array {
  const bits = new Uint8Array((blocks + 7) >> 3).fill(255)
  const spare = bits.length * 8 - blocks
  if (spare > 0) bits[bits.length - 1] = (255 << spare) & 255
  return bits
}

function left(state: FetchState, peer: PeerState): FetchEffect[] {
  for (const index of [...peer.asked.keys()]) release(state, peer, index)
  forgetBits(state, peer)
  state.peers.delete(peer.key)
  return []
}

function choke(state: FetchState, peer: PeerState, on: boolean, nowMs: number): FetchEffect[] {
  peer.choked = on
  peer.progressMs = nowMs
  const indexes = on ? [...peer.asked.keys()] : []
  for (const index of indexes) release(state, peer, index)
  return indexes.length === 0 ? [] : [{ type: 'forget', peer: peer.key, indexes }]
}

function progress(peer: PeerState, bytes: number, nowMs: number): FetchEffect[] {
  if (bytes > peer.progressBytes) {
    peer.progressMs = nowMs
    peer.stalled = false
  }
  peer.progressBytes = bytes
  return []
}

// ---- blocks

function blockArrived(state: FetchState, peer: PeerState, index: number, nowMs: number): FetchEffect[] {
  const asked = peer.asked.get(index)
  const status = state.status[index]
  if (status === here || status === arrived) {
    release(state, peer, index)
    return []
  }
  markArrived(state, index)
  release(state, peer, index)
  noteArrival(peer, asked, state.options.lengthOf(index), nowMs)
  if (index >= state.options.nodes) peer.hasSent = true
  return [...cancelOthers(state, index), { type: 'store', peer: peer.key, index }]
}

function cancelOthers(state: FetchState, index: number): FetchEffect[] {
  const holders = state.holders.get(index)
  if (holders === undefined) return []
  return [...holders].flatMap((key) => {
    const holder = state.peers.get(key)
    if (holder !== undefined) release(state, holder, index)
    return { type: 'cancel', peer: key, indexes: [index] }
  })
}

function blockBad(state: FetchState, peer: PeerState, index: number): FetchEffect[] {
  if (state.status[index] === arrived) {
    state.arrivedBytes -= state.options.lengthOf(index)
    markOpen(state, index)
  }
  return [{ type: 'blame', peer: peer.key, code: 'block_hash_wrong' }]
}

function stored(state: FetchState, index: number): FetchEffect[] {
  const wanted = state.options.isWanted(index)
  if (!markHere(state, index)) return []
  const effects = cancelOthers(state, index)
  if (wanted && --state.left === 0) effects.push({ type: 'complete' })
  return effects
}

function refresh(state: FetchState): FetchEffect[] {
  const before = state.left
  refreshWanted(state)
  const effects = [...state.holders.keys()].flatMap((index) =>
    state.status[index] === here ? cancelOthers(state, index) : [],
  )
  if (before > 0 && state.left === 0) effects.push({ type: 'complete' })
  return effects
}

function read(state: FetchState, reader: number, indexes: readonly number[]): FetchEffect[] {
  if (indexes.length === 0) state.readers.delete(reader)
  else state.readers.set(reader, indexes)
  return []
}

// ---- asking

function fill(state: FetchState, input: Extract<FetchInput, { type: 'fill' }>, nowMs: number): FetchEffect[] {
  const chosen = input.peer === undefined ? undefined : state.peers.get(input.peer)
  const peers = input.peer === undefined ? [...state.peers.values()] : chosen === undefined ? [] : [chosen]
  const effects: FetchEffect[] = []
  let budget = input.budgetBytes
  for (const peer of peers) {
    const before = state.askedBytes
    const indexes = fillPeer(state, peer, budget, input.mayExceed, nowMs)
    budget -= state.askedBytes - before
    if (indexes.length > 0) effects.push({ type: 'want', peer: peer.key, indexes })
    // Whoever serves us now and has nothing for us should know at once.
    else if (chosen !== undefined) effects.push(...interest(state, peer))
  }
  return effects
}

function tick(state: FetchState, nowMs: number): FetchEffect[] {
  const { wants, stalled, leave } = rescue(state, nowMs)
  return [
    ...[...state.peers.values()].flatMap((peer) => interest(state, peer)),
    // The first is not cancelled: when it comes after all, the peer is back.
    ...[...stalled].flatMap(([peer, indexes]): FetchEffect[] => [
      { type: 'forget', peer, indexes: indexes.slice(0, 1) },
      { type: 'cancel', peer, indexes: indexes.slice(1) },
    ]),
    ...[...wants].map(([peer, indexes]): FetchEffect => ({ type: 'want', peer, indexes })),
    ...leave.map((peer): FetchEffect => ({ type: 'leave', peer, code: 'peer_stalled' })),
  ]
}
