// Whom we serve, over all shares: looks at it anew when somebody's interest changes, but not for each of a crowd, and again
// and again while more want to be served than there are slots.

import type { Cancel, Clock } from '../base/ports.ts'
import { chooseServed, createSlots, placesFor, restSlots, slotsFor, trySlots } from './choke-core.ts'
import { rechokeMs, rechokeSoonMs, uploadFewMax, uploadLeavingMs } from './limits.ts'
import type { Line } from './line.ts'
import { createRate } from './rate.ts'
import type { Session } from './session-types.ts'

export interface Serving {
  /** So many blocks have left for somebody. */
  gone(blocks: number): void
  /** Chooses anew: at once, or together with those who ask next. */
  changed(): void
  stop(): void
}

export function createServing(clock: Clock, line: Line, sessions: () => Iterable<Session>): Serving {
  const blocks = createRate(rateHalfLifeMs, Number.NEGATIVE_INFINITY)
  let slots = createSlots(clock.monotonicMs())
  let timer: Cancel | undefined
  let dueMs = Number.POSITIVE_INFINITY
  let chosenMs = Number.NEGATIVE_INFINITY
  let stopped = false
  /** So many want blocks. */
  let interested = 0
  /** Who waits waits for so many slots; undefined: nobody waits. */
  let contested: number | undefined

  function chooseBy(atMs: number): void {
    if (stopped || dueMs <= atMs) return
    timer?.()
    dueMs = atMs
    timer = clock.after(atMs - clock.monotonicMs(), choose)
  }

  function choose(): void {
    const nowMs = clock.monotonicMs()
    timer?.()
    dueMs = Number.POSITIVE_INFINITY
    chosenMs = nowMs
    const active = [...sessions()].filter((session) => session.phase === 'active')
    const busy = active.filter(({ traffic }) => traffic.upload?.busy === true)
    for (const { traffic } of busy) traffic.askedMs = nowMs
    // What was on its way to somebody who is served no more still takes its part of the line.
    const leaving = busy.filter(({ traffic }) => !traffic.served && nowMs - traffic.sinceMs < uploadLeavingMs).length
    const perSecond = blocks.perSecond(nowMs)
    const all = slotsFor(slots, perSecond)
    interested = active.filter(({ traffic }) => traffic.theirInterest).length
    const isFew = interested <= uploadFewMax
    resize(perSecond)
    const room = isFew ? uploadFewMax : Math.max(1, all - leaving)
    const chosen = chooseServed(
      active.map((session) => ({
        key: session,
        interested: session.traffic.theirInterest,
        served: session.traffic.served,
        sinceMs: session.traffic.sinceMs,
        askedMs: session.traffic.askedMs,
        answerMs: session.traffic.answerMs,
        givesPerSecond: session.rateIn.perSecond(nowMs),
        lacks: session.traffic.lacks,
        hoards: session.traffic.hoards,
      })),
      room,
      nowMs,
    )
    for (const session of active) setServed(session, chosen.has(session), nowMs)
    const wasContested = contested !== undefined
    contested = active.some(({ traffic }) => traffic.theirInterest && !traffic.served) ? all : undefined
    if (contested === undefined) return
    slots = wasContested ? trySlots(slots, perSecond, nowMs) : restSlots(slots, nowMs)
    chooseBy(nowMs + rechokeMs)
  }

  /** Of few on a fast line none waits for the others: each has its block soon anyway, and computers are faster side by side. */
  function resize(perSecond: number): void {
    const places = placesFor(slots, perSecond)
    const isFree = interested <= 1 || (interested <= uploadFewMax && places >= interested)
    line.resize(isFree ? Number.POSITIVE_INFINITY : places)
  }

  function changed(): void {
    const nextMs = chosenMs + rechokeSoonMs
    if (nextMs <= clock.monotonicMs()) choose()
    else chooseBy(nextMs)
  }

  function setServed(session: Session, served: boolean, nowMs: number): void {
    const { traffic } = session
    if (traffic.served === served) return
    traffic.served = served
    traffic.sinceMs = nowMs
    if (served) traffic.unansweredMs = nowMs
    else traffic.upload?.clear()
    session.send({ kind: 'choke', on: !served })
  }

  return {
    gone(count) {
      const nowMs = clock.monotonicMs()
      blocks.add(count, nowMs)
      // While all are served, nobody looks again and again how fast the line is.
      if (contested === undefined) resize(blocks.perSecond(nowMs))
      if (contested !== undefined && slotsFor(slots, blocks.perSecond(nowMs)) > contested) changed()
    },
    changed,
    stop() {
      stopped = true
      timer?.()
    },
  }
}

const rateHalfLifeMs = 3_000
