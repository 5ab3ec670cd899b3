// The guest's search for the host of its code. Pure: peers and what came of them go in, whom to ask next comes out.
//
//   candidate ── ask (some at once) ──► hosts the nameplate ── try (one at a time) ──► met, or the next
//
// What must stay true: at most `guessesMax` peers get to see what our guess is worth, for each of them may only claim to
// be the host; the search ends, with the reason that helps most.

import type { PeerId } from '../../network/types.ts'
import type { GuestOutcome } from './guest-core.ts'
import { busyRetriesMax, busyRetryMs, candidatesMax, findMs, guessesMax, looksAtOnceMax } from './limits.ts'

export interface FinderState {
  readonly untilMs: number
  /** All that were ever named. */
  readonly known: ReadonlySet<PeerId>
  readonly waiting: readonly PeerId[]
  readonly asking: ReadonlySet<PeerId>
  /** Said that they host it. */
  readonly hosts: readonly PeerId[]
  readonly trying: PeerId | undefined
  /** Hosts that were busy, and when to try them again. */
  readonly retries: readonly { readonly peer: PeerId; readonly atMs: number }[]
  readonly busyCount: number
  readonly guesses: number
  readonly asked: number
  readonly seen: Seen
}

/** What was met on the way; decides what the person is told in the end. */
interface Seen {
  readonly wrong: boolean
  readonly over: boolean
  readonly busy: boolean
  readonly broken: boolean
  readonly waitMs: number
}

export type FinderInput =
  | { readonly type: 'candidates'; readonly peers: readonly PeerId[] }
  /** What a peer answered to the question; `broken` also when it could not be reached or does not speak the protocol. */
  | { readonly type: 'asked'; readonly peer: PeerId; readonly outcome: GuestOutcome }
  | { readonly type: 'tried'; readonly peer: PeerId; readonly outcome: GuestOutcome }
  | { readonly type: 'tick' }

export type FinderEnd =
  | { readonly how: 'met'; readonly host: PeerId; readonly bytes: Uint8Array }
  | { readonly how: 'declined' | 'other_purpose' | 'wrong' | 'over' | 'busy' | 'broken' }
  | { readonly how: 'later'; readonly waitMs: number }
  | { readonly how: 'nobody'; readonly asked: number }

export type FinderEffect =
  | { readonly type: 'ask'; readonly peer: PeerId }
  | { readonly type: 'try'; readonly peer: PeerId }
  | { readonly type: 'end'; readonly end: FinderEnd }

interface Stepped {
  readonly state: FinderState
  readonly effects: readonly FinderEffect[]
}

export function openFinder(nowMs: number): FinderState {
  return {
    untilMs: nowMs + findMs,
    known: new Set(),
    waiting: [],
    asking: new Set(),
    hosts: [],
    trying: undefined,
    retries: [],
    busyCount: 0,
    guesses: 0,
    asked: 0,
    seen: { wrong: false, over: false, busy: false, broken: false, waitMs: 0 },
  }
}

/** When `tick` is due next; undefined: only something else can bring the search on. */
export function finderDueMs({ untilMs, retries }: FinderState, nowMs: number): number | undefined {
  const coming = [untilMs, ...retries.map(({ atMs }) => atMs)].filter((dueMs) => dueMs > nowMs)
  return coming.length === 0 ? undefined : Math.min(...coming)
}

/** After an `end` effect it must not be used again. */
export function stepFinder(state: FinderState, input: FinderInput, nowMs: number): Stepped {
  const changed = taken(state, input, nowMs)
  if ('how' in changed) return { state, effects: [{ type: 'end', end: changed }] }
  return go(ripe(changed, nowMs), nowMs)
}

/** What an input alone changes, or how it ends the search. */
function taken(state: FinderState, input: FinderInput, nowMs: number): FinderState | FinderEnd {
  switch (input.type) {
    case 'candidates':
      return input.peers.reduce(withCandidate, state)
    case 'asked':
      return afterAsking(state, input.peer, input.outcome)
    case 'tried':
      return afterTrying({ ...state, trying: undefined }, input.peer, input.outcome, nowMs)
    case 'tick':
      return state
  }
}

function withCandidate(state: FinderState, peer: PeerId): FinderState {
  if (state.known.has(peer) || state.known.size >= candidatesMax) return state
  return { ...state, known: new Set([...state.known, peer]), waiting: [...state.waiting, peer] }
}

function afterAsking(state: FinderState, peer: PeerId, outcome: GuestOutcome): FinderState {
  const asking = new Set(state.asking)
  asking.delete(peer)
  const next = { ...state, asking, asked: state.asked + (outcome.how === 'broken' ? 0 : 1) }
  // A busy host is a host: it is tried like one, and says so again.
  if (outcome.how === 'here' || outcome.how === 'busy') return { ...next, hosts: [...next.hosts, peer] }
  if (outcome.how === 'over') return noted(next, { over: true })
  if (outcome.how === 'later') return noted(next, { waitMs: Math.max(next.seen.waitMs, outcome.waitMs) })
  return next
}

function afterTrying(state: FinderState, peer: PeerId, outcome: GuestOutcome, nowMs: number): FinderState | FinderEnd {
  switch (outcome.how) {
    case 'met':
      return { how: 'met', host: peer, bytes: outcome.bytes }
    case 'declined':
    case 'other_purpose':
      return { how: outcome.how }
    case 'wrong':
      return guessed(noted(state, { wrong: true }))
    case 'broken':
      return outcome.guessed ? guessed(noted(state, { broken: true })) : noted(state, { broken: true })
    case 'busy':
      return afterBusy(noted(state, { busy: true }), peer, nowMs)
    case 'over':
      return noted(state, { over: true })
    case 'later':
      return noted(state, { waitMs: Math.max(state.seen.waitMs, outcome.waitMs) })
    default:
      return state
  }
}

function afterBusy(state: FinderState, peer: PeerId, nowMs: number): FinderState {
  if (state.busyCount >= busyRetriesMax) return state
  const retries = [...state.retries, { peer, atMs: nowMs + busyRetryMs }]
  return { ...state, busyCount: state.busyCount + 1, retries }
}

function guessed(state: FinderState): FinderState | FinderEnd {
  const guesses = state.guesses + 1
  if (guesses < guessesMax) return { ...state, guesses }
  return { how: state.seen.wrong ? 'wrong' : 'broken' }
}

function noted(state: FinderState, seen: Partial<Seen>): FinderState {
  return { ...state, seen: { ...state.seen, ...seen } }
}

/** Busy hosts whose time has come are hosts again. */
function ripe(state: FinderState, nowMs: number): FinderState {
  const due = state.retries.filter(({ atMs }) => atMs <= nowMs)
  if (due.length === 0) return state
  const retries = state.retries.filter(({ atMs }) => atMs > nowMs)
  return { ...state, retries, hosts: [...state.hosts, ...due.map(({ peer }) => peer)] }
}

/** Whom to ask and try now; the end when there is nothing left to wait for. */
function go(state: FinderState, nowMs: number): Stepped {
  const room = Math.max(0, looksAtOnceMax - state.asking.size)
  const ask = state.waiting.slice(0, room)
  const tries = state.trying ?? state.hosts[0]
  const next: FinderState = {
    ...state,
    waiting: state.waiting.slice(room),
    asking: new Set([...state.asking, ...ask]),
    trying: tries,
    hosts: state.trying === undefined ? state.hosts.slice(1) : state.hosts,
  }
  const effects: FinderEffect[] = ask.map((peer) => ({ type: 'ask', peer }))
  if (state.trying === undefined && tries !== undefined) effects.push({ type: 'try', peer: tries })
  const end = conclusion(next, nowMs)
  return { state: next, effects: end === undefined ? effects : [...effects, { type: 'end', end }] }
}

function conclusion({ seen, ...state }: FinderState, nowMs: number): FinderEnd | undefined {
  const isGoing = state.trying !== undefined || state.retries.length > 0 || state.asking.size > 0
  if (isGoing) return undefined
  if (seen.wrong) return { how: 'wrong' }
  if (seen.broken) return { how: 'broken' }
  if (seen.over) return { how: 'over' }
  if (seen.waitMs > 0) return { how: 'later', waitMs: seen.waitMs }
  if (seen.busy) return { how: 'busy' }
  // Nobody yet: peers of the local network may still turn up.
  return nowMs < state.untilMs ? undefined : { how: 'nobody', asked: state.asked }
}
