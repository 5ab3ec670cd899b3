// Performs spread-core.ts for one share: begins a round when several ask somebody who has everything, ends it, and tells
// the peers what they were declined.

import type { Cancel, Clock } from '../base/ports.ts'
import type { Holding } from '../content/types.ts'
import { indexesPerFrameMax, spreadBusyMin, spreadLackMin, spreadLookMs, spreadPeersMin } from './limits.ts'
import { indexesToRanges, pieces } from './ranges.ts'
import type { Session } from './session-types.ts'
import { createSpread, type Spread } from './spread-core.ts'

export interface Spreading {
  /** Which of these blocks, which are here, the peer gets now; it is told which not. */
  give(session: Session, indexes: readonly number[]): readonly number[]
  /** So many blocks have left; none: a page. */
  gone(blocks: number): void
  /** These were dropped before they left for the peer. */
  takeBack(session: Session, indexes: readonly number[]): void
  /** The peer says that it has these as well. */
  seen(session: Session, indexes: readonly number[]): void
  left(session: Session): void
  /** Another version, or none: begins anew. */
  reset(): void
}

export interface SpreadingParts {
  readonly clock: Clock
  holding(): Holding | undefined
  sessions(): ReadonlyMap<number, Session>
}

export function createSpreading({ clock, holding, sessions }: SpreadingParts): Spreading {
  let spread: Spread | undefined
  /** The round is over, and the crowd is the one that it was for. */
  let isDone = false
  let timer: Cancel | undefined

  const crowd = () => [...sessions().values()].filter(({ traffic }) => traffic.theirInterest)

  function begin(): Spread | undefined {
    const given = holding()
    if (spread !== undefined || isDone || given === undefined || !mayBegin(given)) return spread
    spread = createSpread(given.record.blocks, clock.monotonicMs())
    timer = clock.after(spreadLookMs, check)
    return spread
  }

  function mayBegin(given: Holding): boolean {
    const all = crowd()
    const lack = all.reduce((sum, { traffic }) => sum + traffic.lacks, 0)
    return given.complete && all.length >= spreadPeersMin && lack >= spreadLackMin * all.length
  }

  function check(): void {
    timer = undefined
    const all = crowd()
    const nowMs = clock.monotonicMs()
    if (all.length < spreadPeersMin || spread?.isStuck(busy(all) > 0, nowMs) === true) finish()
    fill()
    if (spread !== undefined) {
      tell(spread.release(nowMs))
      for (const { key, traffic } of all) traffic.hoards = spread.hoards(key, nowMs)
    }
    if (all.length < spreadPeersMin) isDone = false
    else timer = clock.after(spreadLookMs, check)
  }

  /** How many are still sent something that others may have from them. */
  const busy = (all: readonly Session[]) =>
    all.filter(({ traffic }) => traffic.upload?.busy === true && !traffic.hoards).length

  function gone(blocks: number): void {
    spread?.gone(blocks, clock.monotonicMs())
    fill()
  }

  /** The line must not be idle once all was given: what may be lost goes out again, and then what others were given. */
  function fill(): void {
    if (spread?.isAllGiven !== true) return
    const all = crowd()
    const room = spreadBusyMin - busy(all)
    if (room > 0) tell(spread.again(room))
    if (spread.isAllGiven && all.some(({ traffic }) => traffic.served && traffic.upload?.busy !== true)) finish()
  }

  /** Who wanted nothing that was left may want it later: only a round in which all was given was the crowd's last. */
  function finish(): void {
    if (spread === undefined) return
    isDone = spread.isAllGiven
    tell(spread.takeDeclined())
    spread = undefined
    for (const { traffic } of sessions().values()) traffic.hoards = false
  }

  function tell(again: ReadonlyMap<number, readonly number[]>): void {
    for (const [key, indexes] of again) {
      for (const piece of pieces(indexes, indexesPerFrameMax))
        sessions().get(key)?.send({ kind: 'have', indexes: piece })
    }
  }

  return {
    give(session, indexes) {
      const round = begin()
      if (round === undefined) return indexes
      const all = [...sessions().values()]
      const pending = all.reduce((sum, { traffic }) => sum + (traffic.upload?.pending ?? 0), 0)
      // In a crowd most say at times that they want nothing of us, and will again.
      const peers = all.filter(({ traffic }) => traffic.lacks > 0).length
      const now = round.give(session.key, indexes, { nowMs: clock.monotonicMs(), pending, peers })
      if (now.length === indexes.length) return indexes
      const given = new Set(now)
      session.send({ kind: 'missing', ranges: indexesToRanges(indexes.filter((index) => !given.has(index))) })
      return now
    },
    gone,
    takeBack(session, indexes) {
      if (spread !== undefined) tell(spread.takeBack(session.key, indexes))
    },
    seen: (session, indexes) => spread?.seen(session.key, indexes),
    left(session) {
      if (spread !== undefined) tell(spread.left(session.key))
    },
    reset() {
      spread = undefined
      isDone = false
      timer?.()
      timer = undefined
    },
  }
}
