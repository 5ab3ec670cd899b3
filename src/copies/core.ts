// Which keeper is to hold which share, and what to say to each of them now. Pure: what happened and the time go in, what to
// do comes out. A keeper is told one thing at a time; what it is told next follows from how things stand, so a restart, a
// lost answer or an answer that comes twice needs no case of its own.
//
//   keeper: asked ──► agreed ──(not reached for lostAfterMs)──► lost ──(reached)──► agreed
//   copy:   placed ──keep──► arriving ──complete──► proven ──(new version)──► arriving …          drop ──► forgotten
//
// What must stay true: a copy counts as alive only when its keeper was reached lately, says that the newest version is
// complete, and has shown random blocks of it. Nothing is dropped unless as many copies as are wanted are alive, or none is
// wanted. A state belongs to `step`, which changes it in place: a share may have thousands of copies.

import type { PeerId } from '../network/types.ts'
import {
  askEveryMs,
  askIdleMs,
  askRetryMs,
  askSoonMs,
  distrustMs,
  forgetAfterMs,
  keepersMax,
  lostAfterMs,
  lostPauseMaxMs,
  lostPauseMinMs,
  proofRetryMs,
  refusedPauseMs,
  saveKeeperEveryMs,
} from './limits.ts'
import { nextFor, place } from './plan-core.ts'
import {
  type CopiesAction,
  type CopiesEvent,
  type CopiesState,
  type Copy,
  type Job,
  type Keeper,
  newKeeper,
  remove,
  type ShareFacts,
  save,
} from './state-core.ts'

/** Changes the state and says what is to be done now. */
export function step(state: CopiesState, event: CopiesEvent, nowMs: number): CopiesAction[] {
  const out: CopiesAction[] = []
  take(state, event, nowMs, out)
  noticeLosses(state, nowMs, out)
  for (const share of state.shares.values()) place(state, share, nowMs, out)
  for (const keeper of state.keepers.values()) {
    const action = keeper.busy === undefined ? nextFor(state, keeper, nowMs) : undefined
    if (action === undefined) continue
    keeper.busy = action.type as Job
    out.push(action)
  }
  return out
}

// ---- what happened

function take(state: CopiesState, event: CopiesEvent, nowMs: number, out: CopiesAction[]): void {
  switch (event.type) {
    case 'share':
      takeShare(state, event.share, nowMs)
      break
    case 'unshared':
      state.shares.delete(event.id)
      break
    case 'met':
      meet(state, event.peer, nowMs, out)
      break
    case 'connected':
    case 'disconnected':
      hurry(state.keepers.get(event.peer), event.type, nowMs)
      break
    case 'tick':
      break
    default:
      takeOutcome(state, event, nowMs, out)
  }
}

type AnswerEvent = Extract<CopiesEvent, { type: 'kept' | 'dropped' | 'proved' | 'refused' }>
type OutcomeEvent = AnswerEvent | Extract<CopiesEvent, { type: 'offered' | 'unreachable' }>

/** What came of what a keeper was told. */
function takeOutcome(state: CopiesState, event: OutcomeEvent, nowMs: number, out: CopiesAction[]): void {
  const keeper = state.keepers.get(event.peer)
  if (keeper === undefined) return
  const { busy } = keeper
  keeper.busy = undefined
  if (event.type === 'unreachable') {
    notReached(keeper, nowMs)
    return
  }
  reached(keeper, nowMs)
  if (event.type === 'offered') takeOffer(state, keeper, event, nowMs)
  else takeAnswer(state, keeper, busy, event, nowMs, out)
  if (state.keepers.has(keeper.peer) && keeper.free !== undefined) saveKeeper(keeper, nowMs, out)
}

/** `busy`: what it was told. */
function takeAnswer(
  state: CopiesState,
  keeper: Keeper,
  busy: Job | undefined,
  event: AnswerEvent,
  nowMs: number,
  out: CopiesAction[],
): void {
  if (event.type === 'refused' && event.reason === 'not_agreed') {
    forget(state, keeper.peer, out)
    return
  }
  if (busy === 'ask') keeper.dueMs = nowMs + askRetryMs
  const copy = event.share === undefined ? undefined : state.copies.get(event.share)?.get(keeper.peer)
  if (copy === undefined) return
  if (event.type === 'kept') {
    if (copy.state.has === 'none') {
      keeper.free = Math.max(0, (keeper.free ?? 0) - (state.shares.get(copy.share)?.bytes ?? 0))
    }
    copy.agreedSequence = event.sequence
    copy.keptMs = nowMs
    keeper.dueMs = Math.min(keeper.dueMs, nowMs + askSoonMs)
    save(copy, out)
  } else if (event.type === 'dropped') remove(state, copy, out)
  else if (event.type === 'proved') takeProof(state, keeper, copy, event, nowMs, out)
  else if (busy !== 'drop') takeRefusal(state, keeper, copy, event, nowMs, out)
  else if (event.reason === 'not_here') remove(state, copy, out)
  else copy.pausedMs = nowMs + askRetryMs
}

function takeShare(state: CopiesState, share: ShareFacts, nowMs: number): void {
  const before = state.shares.get(share.id)
  const wasWatching = isWatching(state)
  state.shares.set(share.id, share)
  if (!wasWatching && share.copies > 0) {
    for (const keeper of state.keepers.values()) keeper.dueMs = Math.min(keeper.dueMs, nowMs)
  }
  if (before?.sequence === share.sequence) return
  for (const copy of state.copies.get(share.id)?.values() ?? []) copy.movedMs = nowMs
}

function meet(state: CopiesState, peer: PeerId, nowMs: number, out: CopiesAction[]): void {
  const known = state.keepers.get(peer)
  if (known !== undefined) {
    known.dueMs = Math.min(known.dueMs, nowMs)
    return
  }
  if (state.keepers.size >= keepersMax && !makeRoom(state, out)) return
  state.keepers.set(peer, newKeeper(peer, nowMs))
}

/** Who never agreed goes first, then the one that was not reached for longest; nobody who is there or holds a copy. */
function makeRoom(state: CopiesState, out: CopiesAction[]): boolean {
  const holders = new Set([...state.copies.values()].flatMap((held) => [...held.keys()]))
  const gone = [...state.keepers.values()].filter(({ peer, free, goneMs, busy }) => {
    return busy === undefined && !holders.has(peer) && (free === undefined || goneMs !== undefined)
  })
  const [oldest] = gone.sort((a, b) => a.seenMs - b.seenMs)
  if (oldest === undefined) return false
  forget(state, oldest.peer, out)
  return true
}

/** It came or went: how does it stand now? */
function hurry(keeper: Keeper | undefined, how: 'connected' | 'disconnected', nowMs: number): void {
  if (keeper === undefined) return
  const isKnown = (keeper.goneMs === undefined) === (how === 'connected')
  if (isKnown) return
  keeper.dueMs = Math.min(keeper.dueMs, nowMs)
  keeper.came = how === 'connected'
}

function reached(keeper: Keeper, nowMs: number): void {
  keeper.seenMs = nowMs
  keeper.goneMs = undefined
  keeper.lost = false
  keeper.came = false
  keeper.failures = 0
}

function notReached(keeper: Keeper, nowMs: number): void {
  keeper.goneMs ??= nowMs
  keeper.failures += 1
  const pauseMs = Math.min(lostPauseMaxMs, lostPauseMinMs * 2 ** Math.min(10, Math.max(0, keeper.failures - 4)))
  keeper.dueMs = nowMs + (keeper.came ? 0 : keeper.lost ? pauseMs : askRetryMs)
  keeper.came = false
}

function takeOffer(
  state: CopiesState,
  keeper: Keeper,
  event: Extract<CopiesEvent, { type: 'offered' }>,
  nowMs: number,
): void {
  if (keeper.free === undefined || keeper.label !== event.label) keeper.savedMs = Number.NEGATIVE_INFINITY
  keeper.free = event.free
  keeper.label = event.label
  let isArriving = false
  for (const [share, told] of event.states) {
    const copy = state.copies.get(share)?.get(keeper.peer)
    if (copy === undefined) continue
    const { state: before } = copy
    if (told.sequence !== before.sequence || told.blocks > before.blocks) copy.movedMs = nowMs
    copy.state = told
    copy.toldMs = nowMs
    // It has lost it: it is to be asked for again.
    if (told.has === 'none') copy.agreedSequence = 0
    if (told.has !== 'complete') isArriving = true
  }
  keeper.dueMs = nowMs + (isArriving ? askSoonMs : isWatching(state) ? askEveryMs : askIdleMs)
}

/** Whether anybody is needed: else keepers are only asked so that people see who there is. */
function isWatching({ shares, copies }: CopiesState): boolean {
  return copies.size > 0 || [...shares.values()].some((share) => share.copies > 0)
}

function takeProof(
  state: CopiesState,
  keeper: Keeper,
  copy: Copy,
  { how, sequence }: Extract<CopiesEvent, { type: 'proved' }>,
  nowMs: number,
  out: CopiesAction[],
): void {
  if (how === 'unknown') copy.pausedMs = nowMs + proofRetryMs
  else if (how === 'right') {
    copy.provenSequence = sequence
    copy.provenMs = nowMs
    save(copy, out)
  } else {
    // It said that it has what it has not: nothing that it says counts for a while.
    keeper.distrustedUntilMs = nowMs + distrustMs
    for (const held of state.copies.values()) {
      const other = held.get(keeper.peer)
      if (other !== undefined) other.provenSequence = 0
    }
  }
}

function takeRefusal(
  state: CopiesState,
  keeper: Keeper,
  copy: Copy,
  { reason, free }: Extract<CopiesEvent, { type: 'refused' }>,
  nowMs: number,
  out: CopiesAction[],
): void {
  if (reason === 'not_here') {
    // Asked for a proof: a block is gone, or the version is another. Let it fetch what is missing.
    copy.provenSequence = copy.agreedSequence = 0
    copy.state = { ...copy.state, has: 'partial' }
    copy.pausedMs = nowMs + proofRetryMs
    keeper.dueMs = nowMs + askSoonMs
    return
  }
  if (reason === 'busy' || reason === 'stopping') {
    keeper.dueMs = Math.max(keeper.dueMs, nowMs + askRetryMs)
    copy.pausedMs = nowMs + askRetryMs
    keeper.refusedUntilMs.set(copy.share, nowMs + askRetryMs)
    return
  }
  if (reason === 'full') keeper.free = free
  keeper.refusedUntilMs.set(copy.share, nowMs + refusedPauseMs)
  // An older version that it has may be better than none, until another keeper has the new one.
  if (copy.state.has === 'none') remove(state, copy, out)
}

function noticeLosses(state: CopiesState, nowMs: number, out: CopiesAction[]): void {
  for (const keeper of [...state.keepers.values()]) {
    const { goneMs, lost, peer, busy } = keeper
    if (goneMs === undefined) continue
    if (!lost && nowMs - goneMs >= lostAfterMs) {
      keeper.lost = true
      keeper.losses += 1
      // So that it is known over a restart.
      if (isKeeper(keeper)) out.push({ type: 'save-keeper', peer, keeper })
    }
    // Of one that never agreed nothing is known, and nothing is lost.
    const isOver = !isKeeper(keeper) || nowMs - keeper.seenMs >= forgetAfterMs
    if (keeper.lost && busy === undefined && isOver) forget(state, peer, out)
  }
}

/** It has agreed once. */
function isKeeper({ seenMs }: Keeper): boolean {
  return seenMs !== Number.NEGATIVE_INFINITY
}

/** When it was seen decides when it is forgotten; to the hour is enough. */
function saveKeeper(keeper: Keeper, nowMs: number, out: CopiesAction[]): void {
  if (nowMs - keeper.savedMs < saveKeeperEveryMs) return
  keeper.savedMs = nowMs
  out.push({ type: 'save-keeper', peer: keeper.peer, keeper })
}

function forget(state: CopiesState, peer: PeerId, out: CopiesAction[]): void {
  state.keepers.delete(peer)
  for (const held of [...state.copies.values()]) {
    const copy = held.get(peer)
    if (copy !== undefined) remove(state, copy, out)
  }
  out.push({ type: 'save-keeper', peer, keeper: undefined })
}
