// How one who has everything spreads it in a crowd: each block once before any goes out twice. Those who fetch choose the
// rarest block that they know of, but none of them knows what is on its way to the others; the sender does. So it declines
// what it gave to somebody already (`missing`), tells those blocks again (`have`) once all were given, and the crowd passes
// them on meanwhile. Pure; changed in place.
//
// Must stay true: nobody is declined for long. The round ends when every block was given, when the line has been idle for
// `spreadPatienceMs` (those who are served want nothing that is left), and when the crowd has gone. What was given to a
// peer that left, and that nobody else was seen to have, may be given again at once.

import { clearBit, createBits, forEachBit, hasBit, setBit } from './bits.ts'
import { spreadPatienceMs } from './limits.ts'

export interface Spread {
  /** Which of these are given to the peer now; the others are to be declined. */
  give(peer: number, indexes: readonly number[], nowMs: number): readonly number[]
  /** These will not go to the peer after all: what may be told again, to whom. */
  takeBack(peer: number, indexes: readonly number[]): ReadonlyMap<number, readonly number[]>
  /** The peer says that it has these. */
  seen(peer: number, indexes: readonly number[]): void
  /** The peer is gone: what may be told again, to whom. */
  left(peer: number): ReadonlyMap<number, readonly number[]>
  /** Whether the round is over; `busy`: something is still on its way to somebody. */
  isOver(busy: boolean, nowMs: number): boolean
  /** What each peer was declined, to be told again; forgotten by the call. */
  takeDeclined(): ReadonlyMap<number, readonly number[]>
}

export function createSpread(blocks: number, nowMs: number): Spread {
  /** The peer that was given the block first, plus one; 0: nobody. */
  const givenTo = new Uint32Array(blocks)
  /** Blocks that others than that peer have. */
  const elsewhere = createBits(blocks)
  /** Bits, as a peer may ask for every block. */
  const declined = new Map<number, Uint8Array>()
  let left = blocks
  let newestMs = nowMs

  function giveOne(peer: number, index: number, now: number): boolean {
    const holder = givenTo[index] ?? 0
    if (holder === peer + 1) return true
    if (holder === 0) {
      givenTo[index] = peer + 1
      left--
      newestMs = now
      return true
    }
    const ofPeer = declined.get(peer) ?? createBits(blocks)
    declined.set(peer, ofPeer)
    setBit(ofPeer, index)
    return false
  }

  /** Whoever asks next may have these; those who asked before are to be told. */
  function open(again: readonly number[]): ReadonlyMap<number, readonly number[]> {
    for (const index of again) {
      if (givenTo[index] !== 0) left++
      givenTo[index] = 0
    }
    const told = new Map<number, readonly number[]>()
    for (const [other, bits] of declined) {
      const back = again.filter((index) => hasBit(bits, index))
      for (const index of back) clearBit(bits, index)
      if (back.length > 0) told.set(other, back)
    }
    return told
  }

  return {
    give: (peer, indexes, now) => indexes.filter((index) => giveOne(peer, index, now)),
    takeBack(peer, indexes) {
      return open(indexes.filter((index) => givenTo[index] === peer + 1))
    },
    seen(peer, indexes) {
      for (const index of indexes) if (givenTo[index] !== peer + 1) setBit(elsewhere, index)
    },
    left(peer) {
      declined.delete(peer)
      const again: number[] = []
      for (let index = 0; index < blocks; index++) {
        if (givenTo[index] === peer + 1 && !hasBit(elsewhere, index)) again.push(index)
      }
      return open(again)
    },
    isOver(busy, now) {
      if (busy) newestMs = now
      return left === 0 || now - newestMs >= spreadPatienceMs
    },
    takeDeclined() {
      const all = new Map<number, readonly number[]>()
      for (const [peer, bits] of declined) {
        const indexes: number[] = []
        forEachBit(bits, (index) => indexes.push(index))
        if (indexes.length > 0) all.set(peer, indexes)
      }
      declined.clear()
      return all
    },
  }
}
