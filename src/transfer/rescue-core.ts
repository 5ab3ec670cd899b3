// What time brings: peers that owe us blocks and send nothing lose them to others, and in the end game (or when a reader
// waits) a block that is late at one peer is asked of a second and third. Runs on ticks only and looks at a bounded
// number of blocks each time.

import { asked, type FetchState, release } from './fetch-state.ts'
import { copiesPerBlockMax, stallEndMs, stallMs } from './limits.ts'
import { expectedMs, fits, type PeerKey, type PeerState, peerHas } from './peer-core.ts'
import { ask } from './pick-core.ts'

export interface Rescue {
  readonly wants: Map<PeerKey, number[]>
  /** Peers that stalled, and what they were asked, in order. */
  readonly stalled: Map<PeerKey, readonly number[]>
  readonly leave: PeerKey[]
}

/** Blocks looked at a tick for readers in a hurry. */
const urgentLooksMax = 8
/** Slow peers whose blocks one idle peer may take over in a tick. */
const slowPeersMax = 8
const repeatAfterMs = 300
/** The same when we can't tell how fast the idle peer is. */
const repeatBlindMs = 2_000

export function rescue(state: FetchState, nowMs: number): Rescue {
  const result: Rescue = { wants: new Map(), stalled: new Map(), leave: [] }
  for (const peer of state.peers.values()) checkStall(state, peer, nowMs, result)
  hurryForReaders(state, nowMs, result)
  if (state.rarity.size > 0) return result
  for (const peer of state.peers.values()) if (isIdle(state, peer)) takeOver(state, peer, nowMs, result)
  return result
}

/** Nothing came for long: the peer keeps its connection, its blocks go to others. */
function checkStall(state: FetchState, peer: PeerState, nowMs: number, result: Rescue): void {
  if (peer.choked || (peer.asked.size === 0 && !peer.stalled)) return
  const silentMs = nowMs - peer.progressMs
  if (silentMs >= stallEndMs) {
    result.leave.push(peer.key)
    return
  }
  if (peer.asked.size === 0 || silentMs < stallMs + 4 * Math.min(peer.roundTripMs, stallMs)) return
  peer.stalled = true
  const indexes = [...peer.asked.keys()]
  for (const index of indexes) release(state, peer, index)
  result.stalled.set(peer.key, indexes)
}

function isIdle(state: FetchState, peer: PeerState): boolean {
  return peer.known && !peer.choked && !peer.stalled && peer.asked.size === 0 && peer.dryEpoch === state.epoch
}

function takeOver(state: FetchState, peer: PeerState, nowMs: number, result: Rescue): void {
  const slow = [...state.peers.values()]
    .filter((other) => other !== peer && other.asked.size > 0)
    .sort((a, b) => lateness(b, nowMs) - lateness(a, nowMs))
    .slice(0, slowPeersMax)
  for (const holder of slow) {
    // The last asked comes last: take over from the far end of the queue.
    for (const index of [...holder.asked.keys()].reverse()) {
      if (!isWorthRepeating(state, holder, peer, index, nowMs)) continue
      if (!fits(peer, state.options.lengthOf(index))) return
      repeat(state, peer, index, nowMs, result)
    }
  }
}

function lateness(peer: PeerState, nowMs: number): number {
  return Math.min(expectedMs(peer, 0, nowMs), Number.MAX_SAFE_INTEGER)
}

function isWorthRepeating(
  state: FetchState,
  holder: PeerState,
  peer: PeerState,
  index: number,
  nowMs: number,
): boolean {
  if (state.status[index] !== asked || peer.asked.has(index) || !peerHas(peer, index)) return false
  if ((state.holders.get(index)?.length ?? 0) >= copiesPerBlockMax) return false
  const oursMs = expectedMs(peer, state.options.lengthOf(index), nowMs)
  const ageMs = nowMs - (holder.asked.get(index)?.atMs ?? nowMs)
  if (!Number.isFinite(oursMs)) return ageMs >= repeatBlindMs
  return ageMs >= repeatAfterMs && ageMs >= oursMs && expectedMs(holder, 0, nowMs) > 2 * oursMs
}

function hurryForReaders(state: FetchState, nowMs: number, result: Rescue): void {
  let looks = urgentLooksMax
  for (const indexes of state.readers.values()) {
    for (const index of indexes) {
      if (state.status[index] !== asked) continue
      if (looks-- === 0) return
      hurry(state, index, nowMs, result)
    }
  }
}

function hurry(state: FetchState, index: number, nowMs: number, result: Rescue): void {
  const holders = (state.holders.get(index) ?? []).flatMap((key) => state.peers.get(key) ?? [])
  if (holders.length >= copiesPerBlockMax) return
  let best: PeerState | undefined
  for (const peer of state.peers.values()) {
    if (peer.choked || peer.stalled || holders.includes(peer) || !peerHas(peer, index)) continue
    if (best === undefined || expectedMs(peer, 0, nowMs) < expectedMs(best, 0, nowMs)) best = peer
  }
  if (best === undefined) return
  const oursMs = expectedMs(best, state.options.lengthOf(index), nowMs)
  const patienceMs = Number.isFinite(oursMs) ? Math.max(repeatAfterMs, 2 * oursMs) : repeatBlindMs
  const newestMs = Math.max(...holders.map((holder) => holder.asked.get(index)?.atMs ?? 0))
  if (nowMs - newestMs >= patienceMs) repeat(state, best, index, nowMs, result)
}

function repeat(state: FetchState, peer: PeerState, index: number, nowMs: number, result: Rescue): void {
  ask(state, peer, index, nowMs)
  const wants = result.wants.get(peer.key)
  if (wants === undefined) result.wants.set(peer.key, [index])
  else wants.push(index)
}
