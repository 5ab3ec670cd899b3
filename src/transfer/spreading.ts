// Performs spread-core.ts for one share: begins a round when several ask somebody who has everything, ends it, and tells
// the peers what they were declined.

import type { Cancel, Clock } from '../base/ports.ts'
import type { Holding } from '../content/types.ts'
import { indexesPerFrameMax, spreadLackMin, spreadLookMs, spreadPeersMin } from './limits.ts'
import { indexesToRanges, pieces } from './ranges.ts'
import type { Session } from './session-types.ts'
import { createSpread, type Spread } from './spread-core.ts'

export interface Spreading {
  /** Which of these blocks, which are here, the peer gets now; it is told which not. */
  give(session: Session, indexes: readonly number[]): readonly number[]
  /** So many blocks have left. */
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
    const busy = all.some(({ traffic }) => traffic.upload?.busy === true)
    if (all.length < spreadPeersMin || spread?.isOver(busy, clock.monotonicMs()) === true) finish()
    if (spread !== undefined) tell(spread.release(clock.monotonicMs()))
    if (all.length < spreadPeersMin) isDone = false
    else timer = clock.after(spreadLookMs, check)
  }

  /** Whoever has nothing more to wait for gets what others were given: the line must not be idle. */
  function gone(blocks: number): void {
    if (spread === undefined) return
    spread.gone(blocks, clock.monotonicMs())
    if (spread.isAllGiven && crowd().some(({ traffic }) => traffic.served && traffic.upload?.busy !== true)) finish()
  }

  function finish(): void {
    if (spread === undefined) return
    tell(spread.takeDeclined())
    spread = undefined
    isDone = true
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
