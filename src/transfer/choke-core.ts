// Who is served now. While there are fewer interested peers than slots, everyone is. Otherwise turns of `uploadTurnMs`:
// those who waited longest come next, and of those served for a full turn the ones leave first that give us least. Who is
// served and asks for nothing makes room before its turn is over: after twice the time in which it answers, so that who is
// far away has its turn as well. Waiting counts more for those who lack more of the share, so that a crowd is done together
// instead of one by one; it never counts nothing, whatever others say they lack. Pure.
//
// How many slots: an uplink shared by many brings each of them its block late, and only whole blocks can be served on, so a
// share spreads fastest when few are served at a time; as many as keep the line full, about what leaves in `slotMs`.

import {
  lineMs,
  linePlacesMin,
  slotMs,
  slotTrialMs,
  slotTrialPauseMs,
  uploadAnswerMaxMs,
  uploadAnswerMs,
  uploadIdleMinMs,
  uploadSlotsMax,
  uploadSlotsMin,
  uploadTurnMs,
} from './limits.ts'

export interface ChokeCandidate<Key> {
  readonly key: Key
  readonly interested: boolean
  readonly served: boolean
  /** When it began to be served, or to wait. */
  readonly sinceMs: number
  /** When it last had asked for something that it had not been sent. */
  readonly askedMs: number
  /** What it takes to ask once it is served; see `answered`. */
  readonly answerMs: number | undefined
  /** Bytes per second that it sends us. */
  readonly givesPerSecond: number
  /** The part of the share that it lacks, as it says: from 0 to 1. */
  readonly lacks: number
  /** What it gets goes no further, as far as was seen. */
  readonly hoards: boolean
}

/** Slots beyond those that the line's speed suggests: kept when a trial shows that more leaves with them. */
export interface Slots {
  readonly extra: number
  /** Blocks per second before the trial; undefined: none goes on. */
  readonly trialFrom: number | undefined
  /** How many slots more it tries. */
  readonly trialSlots: number
  /** When the trial began, or the pause. */
  readonly sinceMs: number
}

export function createSlots(nowMs: number): Slots {
  return { extra: 0, trialFrom: undefined, trialSlots: 0, sinceMs: nowMs }
}

/** A trial under way counts for nothing: there was nobody to try it with. */
export function restSlots({ extra, trialSlots }: Slots, nowMs: number): Slots {
  return { extra: extra - trialSlots, trialFrom: undefined, trialSlots: 0, sinceMs: nowMs }
}

/** How many to serve at a time when so many blocks leave in a second. */
export function slotsFor({ extra }: Slots, blocksPerSecond: number): number {
  const suggested = Math.max(uploadSlotsMin, Math.ceil((blocksPerSecond * slotMs) / 1000))
  return Math.min(uploadSlotsMax, suggested + extra)
}

/** For how many at a time blocks leave: as many as fill the line, of those that are served. */
export function placesFor({ extra }: Slots, blocksPerSecond: number): number {
  return Math.max(linePlacesMin, Math.ceil((blocksPerSecond * lineMs) / 1000)) + extra
}

/**
 * How long a peer takes to answer, after it took `tookMs` this time; undefined: nothing was measured yet. A longer time counts
 * at once and a shorter one bit by bit, as a want that crossed our choke looks like a quick answer.
 */
export function answered(beforeMs: number | undefined, tookMs: number): number {
  const boundedMs = Math.min(tookMs, uploadAnswerMaxMs)
  return beforeMs === undefined || boundedMs > beforeMs ? boundedMs : (3 * beforeMs + boundedMs) / 4
}

/** What trials say by now; to be called now and then while more want to be served than there are slots. */
export function trySlots(slots: Slots, blocksPerSecond: number, nowMs: number): Slots {
  const { extra, trialFrom, trialSlots, sinceMs } = slots
  if (nowMs - sinceMs < (trialFrom === undefined ? slotTrialPauseMs : slotTrialMs)) return slots
  const before = slotsFor({ ...slots, extra: extra - trialSlots }, trialFrom ?? blocksPerSecond)
  // Half of what as many slots as fast as the others would have brought.
  const pays = trialFrom === undefined || blocksPerSecond >= trialFrom * (1 + trialSlots / (2 * before))
  if (!pays) return restSlots(slots, nowMs)
  const now = slotsFor(slots, blocksPerSecond)
  const more = Math.min(Math.ceil(now / 2), uploadSlotsMax - now)
  return { extra: extra + more, trialFrom: blocksPerSecond, trialSlots: more, sinceMs: nowMs }
}

/** Who lacks nearly nothing has not much of a claim, but some. */
const lacksMin = 0.05

/** The keys to serve from now on. */
export function chooseServed<Key>(
  candidates: readonly ChokeCandidate<Key>[],
  slots: number,
  nowMs: number,
): ReadonlySet<Key> {
  const interested = candidates.filter((candidate) => candidate.interested)
  if (interested.length <= slots) return new Set(interested.map(({ key }) => key))
  const rank = ({ served, sinceMs, askedMs, answerMs = uploadAnswerMs }: ChokeCandidate<Key>): number => {
    if (!served) return 1
    if (nowMs - Math.max(sinceMs, askedMs) >= Math.max(uploadIdleMinMs, 2 * answerMs)) return 3
    return nowMs - sinceMs < uploadTurnMs + answerMs ? 0 : 2
  }
  const claim = ({ sinceMs, lacks }: ChokeCandidate<Key>) => (nowMs - sinceMs + 1) * Math.max(lacksMin, lacks) ** 2
  const ordered = interested.toSorted((a, b) => {
    if (a.hoards !== b.hoards) return a.hoards ? 1 : -1
    if (rank(a) !== rank(b)) return rank(a) - rank(b)
    if (rank(a) === 2 && a.givesPerSecond !== b.givesPerSecond) return b.givesPerSecond - a.givesPerSecond
    return rank(a) === 1 ? claim(b) - claim(a) : a.sinceMs - b.sinceMs
  })
  return new Set(ordered.slice(0, slots).map(({ key }) => key))
}
