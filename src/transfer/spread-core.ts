// How one who has everything spreads it to several: each block once before any goes out twice. Those who fetch choose the
// rarest block that they know of, but none of them knows what is on its way to the others; the sender does. So it declines
// what it gave to somebody already (`missing`), and they pass it on meanwhile. A block is kept for the one that was given it
// only for as long as passing on should take: until what was asked before it and two blocks for each peer have left, but of
// a crowd no more than for sixteen. Then all who were declined it are told again (`have`); of a crowd one gets it, as if it were
// new, if nobody else was seen to have it. Once all was given, what nobody else was seen to have goes out again, the oldest
// first, and then all that was declined is told again. Pure; changed in place.
//
// Must stay true: nobody is declined for long, whoever stalls. The round ends when every block was given and nothing is left
// to give again, when the line has been idle for `spreadPatienceMs` (those who are served want nothing that is left) or
// nothing has left for `spreadStallMs`, and when the others have gone. What was given to a peer that left, and that nobody
// else was seen to have, may be given again at once. Who was not seen to get what another was given, twice in a row and in
// time, is not declined it any more: the two don't reach each other. Who of a crowd was given a block that nobody else was seen
// to have in time hoards: nothing is kept for it for a while, and the others are served before. Of few nobody is judged so: on a
// fast line a block is due before anybody could send it on. And who asks again for what it was declined gets it: a reader
// waits, and knows of nobody else.

import { clearBit, createBits, forEachBit, hasBit, setBit } from './bits.ts'
import {
  fewPeersMax,
  spreadHoardMs,
  spreadKeepMs,
  spreadKeepPeersMax,
  spreadKeepTurns,
  spreadPatienceMs,
  spreadStallMs,
  spreadUnmetMax,
} from './limits.ts'

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
  /** So many blocks have left, for whomever; none: something else. */
  gone(blocks: number, nowMs: number): void
  /** What was kept for one peer for long enough: what may be told again, to whom. */
  release(nowMs: number): ReadonlyMap<number, readonly number[]>
  /** These will not go to the peer after all: what may be told again, to whom. */
  takeBack(peer: number, indexes: readonly number[]): ReadonlyMap<number, readonly number[]>
  /** The peer says that it has these. */
  seen(peer: number, indexes: readonly number[]): void
  /** The peer is gone: what may be told again, to whom. */
  left(peer: number): ReadonlyMap<number, readonly number[]>
  /** All is given: so many blocks that nobody else was seen to have are given once more. What may be told again, to whom. */
  again(blocks: number): ReadonlyMap<number, readonly number[]>
  /** Whether the peer was given blocks that nobody else was seen to have. */
  hoards(peer: number, nowMs: number): boolean
  /** Whether it takes too long; `busy`: something is still on its way to somebody who does not hoard. */
  isStuck(busy: boolean, nowMs: number): boolean
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
  /** When a block that was kept for it was due and nobody else had been seen to have it; undefined: it passes on. */
  hoardedMs: number | undefined
}

interface Kept {
  readonly index: number
  readonly holder: number
  /** How many blocks must have left, and when, for it to be kept no longer. */
  readonly untilGone: number
  readonly untilMs: number
  /** So many would all ask at once for what is kept no longer: it is given to one of them again. */
  readonly isCrowd: boolean
}

/** In the place of a holder: the block is kept for nobody. */
const anybody = 0xffffffff

export function createSpread(blocks: number, nowMs: number): Spread {
  /** The peer that was given the block first, plus one; 0: nobody. */
  const givenTo = new Uint32Array(blocks)
  /** Blocks that others than the peer that was given them have. */
  const elsewhere = createBits(blocks)
  /** Blocks that were given once more after all were given. */
  const twice = createBits(blocks)
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
    const bits = () => createBits(blocks)
    const member: Member = { declined: bits(), besides: bits(), unmet: new Map(), hoardedMs: undefined }
    members.set(peer, member)
    return member
  }

  function giveOne(peer: number, index: number, line: SpreadLine): boolean {
    const holder = givenTo[index] ?? 0
    if (holder === peer + 1 || holder === anybody) return true
    if (holder === 0) {
      if (!hoards(peer, line.nowMs)) keepFor(peer + 1, index, line)
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

  /** It is tried again after a while: who was slow, or met nobody yet, does not stay behind for ever. */
  function hoards(peer: number, nowMs: number): boolean {
    const sinceMs = members.get(peer)?.hoardedMs
    return sinceMs !== undefined && nowMs - sinceMs < spreadHoardMs
  }

  function keepFor(holder: number, index: number, { nowMs, pending, peers }: SpreadLine): void {
    givenTo[index] = holder
    left--
    newestMs = nowMs
    const untilGone = goneBlocks + pending + spreadKeepTurns * Math.min(peers, spreadKeepPeersMax)
    kept.push({ index, holder, untilGone, untilMs: nowMs + spreadKeepMs, isCrowd: peers > fewPeersMax })
  }

  function reopen(index: number): void {
    if (givenTo[index] !== 0) left++
    givenTo[index] = 0
  }

  /** Whoever asks next may have these; those who asked before are to be told. */
  function open(again: readonly number[]): ReadonlyMap<number, readonly number[]> {
    for (const index of again) reopen(index)
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

  const isHidden = ({ index, holder }: Kept) => givenTo[index] === holder && !hasBit(elsewhere, index)

  function seenOne(peer: number, index: number): void {
    const holder = givenTo[index] ?? 0
    if (holder === peer + 1) return
    setBit(elsewhere, index)
    const giver = members.get(holder - 1)
    if (giver !== undefined) giver.hoardedMs = undefined
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
      if (count === 0) newestMs = now
    },
    release(now) {
      const isDue = ({ untilGone, untilMs }: Kept) => goneBlocks >= untilGone && now >= untilMs
      const end = kept.findIndex((one) => !isDue(one))
      const due = kept.splice(0, end < 0 ? kept.length : end).filter(({ index, holder }) => givenTo[index] === holder)
      for (const one of due) {
        const { index, holder } = one
        noteUnmet(one)
        // It was taken back and given to the same one anew: that was seen to above.
        if (givenTo[index] !== holder) continue
        if (one.isCrowd && isHidden(one)) {
          memberOf(holder - 1).hoardedMs = now
          reopen(index)
        } else givenTo[index] = anybody
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
    again(count) {
      const hidden = kept.filter((one) => isHidden(one) && !hasBit(twice, one.index)).slice(0, count)
      for (const { index } of hidden) setBit(twice, index)
      return open(hidden.map(({ index }) => index))
    },
    hoards,
    isStuck(busy, now) {
      if (busy) newestMs = now
      return now - newestMs >= spreadPatienceMs || now - goneMs >= spreadStallMs
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
