// The scheduler's state: every block's status, who was asked for it, and what each peer has. Opaque to all but the
// `*-core.ts` files, which change it in place (a copy a step would cost more than the step). Invariants:
//   - a block is in `rarity` and in `openBits` exactly when its status is `open`
//   - `holders` lists the peers whose `asked` has the block; a block with holders is `asked`
//   - a block is in `needBits` exactly when it is wanted and not `here`
//   - `left` counts the wanted blocks that are not `here`

import { clearBit, createBits, setBit } from './bits.ts'
import { forgetAsked, type PeerKey, type PeerState } from './peer-core.ts'
import { createRarity, type Rarity } from './rarity-core.ts'

/** A block's status, as a byte. */
export const unwanted = 0
export const open = 1
export const asked = 2
/** Its bytes are here and are being verified and written. */
export const arrived = 3
export const here = 4

export interface FetchOptions {
  readonly blocks: number
  /** Inner nodes at the front, fetched before all else; 0 when unknown. */
  readonly nodes: number
  readonly lengthOf: (index: number) => number
  readonly isWanted: (index: number) => boolean
  readonly isHere: (index: number) => boolean
  /** Uniform in [0, 1); seeded in tests. */
  readonly random: () => number
}

export interface FetchState {
  readonly options: FetchOptions
  readonly status: Uint8Array
  readonly openBits: Uint8Array
  /** Wanted blocks that are not here, whatever their status. */
  readonly needBits: Uint8Array
  readonly rarity: Rarity
  readonly peers: Map<PeerKey, PeerState>
  readonly holders: Map<number, PeerKey[]>
  /** Blocks each reader calls for, the most urgent first. */
  readonly readers: Map<number, readonly number[]>
  /** Wanted blocks that are not here. */
  left: number
  /** Bytes of blocks that arrived and are not written yet. */
  arrivedBytes: number
  /** Bytes asked of all peers, repeats included. */
  askedBytes: number
  /** Grows whenever a block becomes open again, so that peers that had nothing to offer are looked at anew. */
  epoch: number
  /** No open inner node lies before this index. */
  nodesFrom: number
}

export function createFetchState(options: FetchOptions): FetchState {
  const state: FetchState = {
    options,
    status: new Uint8Array(options.blocks),
    openBits: createBits(options.blocks),
    needBits: createBits(options.blocks),
    rarity: createRarity(options.blocks),
    peers: new Map(),
    holders: new Map(),
    readers: new Map(),
    left: 0,
    arrivedBytes: 0,
    askedBytes: 0,
    epoch: 0,
    nodesFrom: 0,
  }
  refreshWanted(state)
  return state
}

/** Reads anew what is wanted and here; linear, for when a layout or a pattern changes it. */
export function refreshWanted(state: FetchState): void {
  state.left = 0
  for (let index = 0; index < state.options.blocks; index++) {
    if (state.options.isHere(index)) markHere(state, index)
    // It was, and the disk has lost it.
    else if (state.status[index] === here) state.status[index] = unwanted
    const status = state.status[index]
    if (status === here) continue
    const wanted = state.options.isWanted(index)
    if (wanted) state.left++
    if (wanted) setBit(state.needBits, index)
    else clearBit(state.needBits, index)
    if (wanted && status === unwanted) markOpen(state, index)
    else if (!wanted && status === open) {
      close(state, index)
      state.status[index] = unwanted
    }
  }
}

export function markOpen(state: FetchState, index: number): void {
  state.status[index] = open
  setBit(state.openBits, index)
  state.rarity.add(index)
  state.epoch++
  if (index < state.nodesFrom) state.nodesFrom = index
}

function close(state: FetchState, index: number): void {
  clearBit(state.openBits, index)
  state.rarity.remove(index)
}

export function markAsked(state: FetchState, index: number, peer: PeerKey): void {
  if (state.status[index] === open) close(state, index)
  state.status[index] = asked
  const holders = state.holders.get(index)
  if (holders === undefined) state.holders.set(index, [peer])
  else holders.push(peer)
}

export function markArrived(state: FetchState, index: number): void {
  if (state.status[index] === open) close(state, index)
  state.status[index] = arrived
  state.arrivedBytes += state.options.lengthOf(index)
}

/** The block is written; whatever its status was. Returns whether that is news. */
export function markHere(state: FetchState, index: number): boolean {
  const status = state.status[index]
  if (status === here) return false
  clearBit(state.needBits, index)
  if (status === open) close(state, index)
  if (status === arrived) state.arrivedBytes -= state.options.lengthOf(index)
  state.status[index] = here
  return true
}

/** Takes back what was asked of one peer; the block opens again when nobody else was asked. */
export function release(state: FetchState, peer: PeerState, index: number): boolean {
  const taken = forgetAsked(peer, index)
  if (taken === undefined) return false
  state.askedBytes -= taken.bytes
  const holders = state.holders.get(index)
  if (holders === undefined) return true
  const others = holders.filter((key) => key !== peer.key)
  if (others.length > 0) {
    state.holders.set(index, others)
    return true
  }
  state.holders.delete(index)
  if (state.status[index] === asked) {
    if (state.options.isWanted(index)) markOpen(state, index)
    else state.status[index] = unwanted
  }
  return true
}
