// How one who has everything spreads it to several: each block once before any goes out twice. Those who fetch choose the
// rarest block that they know of, but none of them knows what is on its way to the others; the sender does. So it declines
// what it gave to somebody already (`missing`), and they pass it on meanwhile. A block is kept for the one that was given it
// only for as long as passing on should take: until what was asked before it and two blocks for each peer have left.
// Then all who were declined it are told again (`have`), and so is everything once all was given. Pure; changed in place.
//
// Must stay true: nobody is declined for long, whoever stalls. The round ends when every block was given, when the line has
// been idle for `spreadPatienceMs` (those who are served want nothing that is left) or nothing has left for `spreadStallMs`,
// and when the others have gone. What was given to a peer that left, and that nobody else was seen to have, may be given again
// at once. Who was not seen to get what another was given, twice in a row and in time, is not declined it any more: the two
// don't reach each other. And who asks again for what it was declined gets it: a reader waits, and knows of nobody else.

import { clearBit, createBits, forEachBit, hasBit, setBit } from './bits.ts'
import { spreadKeepMs, spreadKeepTurns, spreadPatienceMs, spreadStallMs, spreadUnmetMax } from './limits.ts'

/** The line out when somebody asks. */
export interface SpreadLine {
  readonly nowMs: number
  /** Blocks that were asked for and have not left, of all peers together. */
  readonly pending: number
  /** Peers among whom it is shared. */
  readonly peers: number
}

export interface Spread {
  /** Every block was given to somebody. */
  readonly isAllGiven: boolean
  /** Which of these are given to the peer now; the others are to be declined. */
  give(peer: number, indexes: readonly number[], line: SpreadLine): readonly number[]
  /** So many blocks have left, for whomever. */
  gone(blocks: number, nowMs: number): void
  /** What was kept for one peer for long enough: what may be told again, to whom. */
  release(nowMs: number): ReadonlyMap<number, readonly number[]>
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

/** Somebody who asked. */
interface Member {
  /** Bits, as a peer may ask for every block. */
  readonly declined: Uint8Array
  /** What it got although it was kept for another. */
  readonly besides: Uint8Array
  /** By holder: how often in a row what was kept for that one did not come to this one in time. */
  readonly unmet: Map<number, number>
}

interface Kept {
  readonly index: number
  readonly holder: number
  /** How many blocks must have left, and when, for it to be kept no longer. */
  readonly untilGone: number
  readonly untilMs: number
}

/** In the place of a holder: the block is kept for nobody. */
const anybody = 0xffffffff

export function createSpread(blocks: number, nowMs: number): Spread {
  /** The peer that was given the block first, plus one; 0: nobody. */
  const givenTo = new Uint32Array(blocks)
  /** Blocks that others than the peer that was given them have. */
  const elsewhere = createBits(blocks)
  const members = new Map<number, Member>()
  /** In the order of giving. */
  const kept: Kept[] = []
  let left = blocks
  let goneBlocks = 0
  let goneMs = nowMs
  let newestMs = nowMs

  function memberOf(peer: number): Member {
    const known = members.get(peer)
    if (known !== undefined) return known
    const member = { declined: createBits(blocks), besides: createBits(blocks), unmet: new Map() }
    members.set(peer, member)
    return member
  }

  function giveOne(peer: number, index: number, line: SpreadLine): boolean {
    const holder = givenTo[index] ?? 0
    if (holder === peer + 1 || holder === anybody) return true
    if (holder === 0) {
      keepFor(peer + 1, index, line)
      return true
    }
    const { declined, besides, unmet } = memberOf(peer)
    if (hasBit(declined, index) || hasBit(besides, index) || (unmet.get(holder) ?? 0) >= spreadUnmetMax) {
      clearBit(declined, index)
      setBit(besides, index)
      return true
    }
    setBit(declined, index)
    return false
  }

  function keepFor(holder: number, index: number, { nowMs, pending, peers }: SpreadLine): void {
    givenTo[index] = holder
    left--
    newestMs = nowMs
    const untilGone = goneBlocks + pending + spreadKeepTurns * peers
    kept.push({ index, holder, untilGone, untilMs: nowMs + spreadKeepMs })
  }

  /** Whoever asks next may have these; those who asked before are to be told. */
  function open(again: readonly number[]): ReadonlyMap<number, readonly number[]> {
    for (const index of again) {
      if (givenTo[index] !== 0) left++
      givenTo[index] = 0
    }
    return tell(again)
  }

  function tell(again: readonly number[]): ReadonlyMap<number, readonly number[]> {
    const told = new Map<number, readonly number[]>()
    if (again.length === 0) return told
    for (const [peer, { declined }] of members) {
      const back = again.filter((index) => hasBit(declined, index))
      for (const index of back) clearBit(declined, index)
      if (back.length > 0) told.set(peer, back)
    }
    return told
  }

  /** Those who were declined the block and still lack it don't get it from that holder, or not in time. */
  function noteUnmet({ index, holder }: Kept): void {
    for (const { declined, unmet } of members.values()) {
      if (hasBit(declined, index)) unmet.set(holder, (unmet.get(holder) ?? 0) + 1)
    }
  }

  function seenOne(peer: number, index: number): void {
    const holder = givenTo[index] ?? 0
    if (holder === peer + 1) return
    setBit(elsewhere, index)
    const member = members.get(peer)
    if (member === undefined || holder === 0 || holder === anybody) return
    clearBit(member.declined, index)
    if (!hasBit(member.besides, index)) member.unmet.delete(holder)
  }

  return {
    get isAllGiven() {
      return left === 0
    },
    give: (peer, indexes, line) => indexes.filter((index) => giveOne(peer, index, line)),
    gone(count, now) {
      goneBlocks += count
      goneMs = now
    },
    release(now) {
      const isDue = ({ untilGone, untilMs }: Kept) => goneBlocks >= untilGone && now >= untilMs
      const end = kept.findIndex((one) => !isDue(one))
      const due = kept.splice(0, end < 0 ? kept.length : end).filter(({ index, holder }) => givenTo[index] === holder)
      for (const one of due) {
        noteUnmet(one)
        givenTo[one.index] = anybody
      }
      return tell(due.map(({ index }) => index))
    },
    takeBack(peer, indexes) {
      return open(indexes.filter((index) => givenTo[index] === peer + 1))
    },
    seen(peer, indexes) {
      for (const index of indexes) seenOne(peer, index)
    },
    left(peer) {
      members.delete(peer)
      for (const { unmet } of members.values()) unmet.delete(peer + 1)
      const again: number[] = []
      for (let index = 0; index < blocks; index++) {
        if (givenTo[index] === peer + 1 && !hasBit(elsewhere, index)) again.push(index)
      }
      return open(again)
    },
    isOver(busy, now) {
      if (busy) newestMs = now
      return left === 0 || now - newestMs >= spreadPatienceMs || now - goneMs >= spreadStallMs
    },
    takeDeclined() {
      const all = new Map<number, readonly number[]>()
      for (const [peer, { declined }] of members) {
        const indexes: number[] = []
        forEachBit(declined, (index) => indexes.push(index))
        if (indexes.length > 0) all.set(peer, indexes)
      }
      members.clear()
      return all
    },
  }
}
