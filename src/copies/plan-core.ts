// What is due: which keepers are to be asked to hold which share, which copies count, which may go, and what a keeper is to be
// told next. Pure, over the state of state-core.ts. What must stay true: core.ts.

import type { PeerId } from '../network/types.ts'
import { askRetryMs, lostAfterMs, proofEveryMs, refusedPauseMs, stallMs, statesMax } from './limits.ts'
import {
  type CopiesAction,
  type CopiesState,
  type Copy,
  copiesOf,
  type Job,
  type Keeper,
  noState,
  type ShareFacts,
  save,
} from './state-core.ts'

// ---- where copies are to be

/** A copy as people see it. */
export type Standing = 'alive' | 'behind' | 'arriving' | 'checking' | 'stalled' | 'refused' | 'unproven' | 'lost'

export function standingOf(state: CopiesState, copy: Copy, nowMs: number): Standing {
  const keeper = state.keepers.get(copy.peer)
  const share = state.shares.get(copy.share)
  if (keeper === undefined || keeper.lost) return 'lost'
  if (keeper.distrustedUntilMs > nowMs) return 'unproven'
  // It was chosen just now, and may never have heard of it.
  if (keeper.goneMs !== undefined && copy.agreedSequence === 0) return 'lost'
  if (keeper.goneMs !== undefined && copy.toldMs === undefined) return 'checking'
  const sequence = share?.sequence ?? 0
  const isWhole = copy.state.has === 'complete' && copy.state.sequence === sequence
  if (isWhole && copy.provenSequence === sequence) return 'alive'
  if (isWhole) return 'checking'
  if ((keeper.refusedUntilMs.get(copy.share) ?? 0) > nowMs + askRetryMs) return 'refused'
  if (nowMs - copy.movedMs >= stallMs) return 'stalled'
  return copy.state.has === 'none' || copy.state.sequence === sequence ? 'arriving' : 'behind'
}

/** Whether another one has to be asked in its place. */
const failing: ReadonlySet<Standing> = new Set(['stalled', 'refused', 'unproven', 'lost'])

/** Asks new keepers where copies are missing. */
export function place(state: CopiesState, share: ShareFacts, nowMs: number, out: CopiesAction[]): void {
  if (share.copies === 0 || share.sequence === 0) return
  const held: ReadonlyMap<PeerId, Copy> = state.copies.get(share.id) ?? new Map()
  const counting = [...held.values()].filter((copy) => !failing.has(standingOf(state, copy, nowMs)))
  if (counting.length >= share.copies) return
  const chosen = [...state.keepers.values()]
    .filter((keeper) => !held.has(keeper.peer) && wouldTake(state, keeper, share, nowMs))
    .sort(byWorth)
    .slice(0, share.copies - counting.length)
  for (const { peer } of chosen) {
    const copy: Copy = {
      ...{ share: share.id, discovery: share.discovery, peer, placedMs: nowMs, agreedSequence: 0 },
      ...{ state: noState, toldMs: undefined, keptMs: undefined, movedMs: nowMs },
      ...{ provenSequence: 0, provenMs: 0, pausedMs: 0 },
    }
    copiesOf(state, share.id).set(peer, copy)
    save(copy, out)
  }
}

function wouldTake(state: CopiesState, keeper: Keeper, share: ShareFacts, nowMs: number): boolean {
  if (keeper.free === undefined || keeper.goneMs !== undefined || keeper.distrustedUntilMs > nowMs) return false
  if ((keeper.refusedUntilMs.get(share.id) ?? 0) > nowMs) return false
  // The first only saves the second, which looks at all that it was chosen for.
  return share.bytes <= keeper.free && promised(state, keeper) + share.bytes <= keeper.free
}

/** What it was chosen for since it last said how much is free, and does not know of yet. */
function promised(state: CopiesState, { peer }: Keeper): number {
  let bytes = 0
  for (const [id, held] of state.copies) {
    const copy = held.get(peer)
    if (copy !== undefined && copy.agreedSequence === 0 && copy.state.has === 'none') {
      bytes += state.shares.get(id)?.bytes ?? 0
    }
  }
  return bytes
}

function byWorth(a: Keeper, b: Keeper): number {
  return a.losses - b.losses || (b.free ?? 0) - (a.free ?? 0) || (a.peer < b.peer ? -1 : 1)
}

/** Of the copies that are alive those that stay; undefined: too few are, so that nothing goes. */
function staying(state: CopiesState, share: ShareFacts | undefined, nowMs: number): ReadonlySet<PeerId> | undefined {
  if (share === undefined || share.copies === 0) return new Set()
  const alive = [...(state.copies.get(share.id)?.values() ?? [])].filter(
    (copy) => standingOf(state, copy, nowMs) === 'alive',
  )
  if (alive.length < share.copies) return undefined
  const lossesOf = ({ peer }: Copy) => state.keepers.get(peer)?.losses ?? 0
  const ranked = alive.sort(
    (a, b) => lossesOf(a) - lossesOf(b) || a.placedMs - b.placedMs || (a.peer < b.peer ? -1 : 1),
  )
  return new Set(ranked.slice(0, share.copies).map(({ peer }) => peer))
}

// ---- what to say to one keeper

export function nextFor(state: CopiesState, keeper: Keeper, nowMs: number): CopiesAction | undefined {
  const { peer } = keeper
  const own = [...state.copies.values()].flatMap((held) => held.get(peer) ?? [])
  if (keeper.goneMs === undefined && keeper.free !== undefined) {
    for (const type of ['drop', 'keep', 'prove'] as const) {
      const copy = own.find((one) => isDue[type](state, keeper, one, nowMs))
      if (copy !== undefined) return { type, peer, copy }
    }
  }
  if (keeper.dueMs > nowMs) return undefined
  const shares = own.sort((a, b) => (a.toldMs ?? -1) - (b.toldMs ?? -1)).slice(0, statesMax)
  return { type: 'ask', peer, shares }
}

/** Whatever kept it from coming (a full disk, say) may be over: it is asked for again now and then. */
function hasStalled({ movedMs, keptMs = movedMs }: Copy, nowMs: number): boolean {
  return nowMs - movedMs >= stallMs && nowMs - keptMs >= refusedPauseMs
}

type Due = (state: CopiesState, keeper: Keeper, copy: Copy, nowMs: number) => boolean

const isDue: Readonly<Record<Exclude<Job, 'ask'>, Due>> = {
  drop(state, _keeper, copy, nowMs) {
    if (copy.pausedMs > nowMs) return false
    const stay = staying(state, state.shares.get(copy.share), nowMs)
    return stay !== undefined && !stay.has(copy.peer)
  },
  keep(state, keeper, copy, nowMs) {
    const share = state.shares.get(copy.share)
    if (share === undefined || share.copies === 0 || keeper.distrustedUntilMs > nowMs) return false
    if ((keeper.refusedUntilMs.get(copy.share) ?? 0) > nowMs) return false
    if (isWhole(share, copy)) return false
    return copy.agreedSequence < share.sequence || hasStalled(copy, nowMs)
  },
  prove(state, keeper, copy, nowMs) {
    const share = state.shares.get(copy.share)
    if (share === undefined || !isWhole(share, copy) || keeper.distrustedUntilMs > nowMs) return false
    return copy.pausedMs <= nowMs && (copy.provenSequence !== share.sequence || nowMs - copy.provenMs >= proofEveryMs)
  },
}

function isWhole(share: ShareFacts, { state }: Copy): boolean {
  return state.has === 'complete' && state.sequence === share.sequence
}

/** When `tick` is due; undefined: only something else can bring it on. */
export function copiesDueMs(state: CopiesState, nowMs: number): number | undefined {
  let soonest = Number.POSITIVE_INFINITY
  const at = (ms: number) => {
    if (ms > nowMs && ms < soonest) soonest = ms
  }
  for (const keeper of state.keepers.values()) {
    if (keeper.busy === undefined) at(keeper.dueMs)
    if (keeper.goneMs !== undefined && !keeper.lost) at(keeper.goneMs + lostAfterMs)
    for (const untilMs of keeper.refusedUntilMs.values()) at(untilMs)
    at(keeper.distrustedUntilMs)
  }
  for (const held of state.copies.values()) {
    for (const copy of held.values()) {
      at(copy.pausedMs)
      at(copy.provenMs + proofEveryMs)
      if (copy.state.has !== 'complete') at(copy.movedMs + stallMs)
    }
  }
  return Number.isFinite(soonest) ? soonest : undefined
}
