// Time in consensus: how long a view may take, when to say something again, and the one timer that the driver runs. Idle, none runs.

import { askNext } from './blocks-core.ts'
import { askAround, callForHelp } from './help-core.ts'
import {
  findDelaysMax,
  growthMax,
  growthPerView,
  patienceDelays,
  repetitionsBeforeFetch,
  resendDelays,
  resendDelaysMax,
  viewDelays,
  viewsBeforeGrowth,
} from './limits.ts'
import { mayNotarize, promise, tell } from './own-core.ts'
import { fetchNotarized } from './rules-core.ts'
import { addressAt, isLeader, isUnsettled, leaderPlace, others, type State, type Step, send } from './state-core.ts'

/** How long the view may take: longer the longer nothing became final. The same for everyone who is at the same place. */
export function viewMs({ setup, view, base }: State): number {
  const waits = Math.max(0, view - base.view - viewsBeforeGrowth)
  const growth = Math.min(growthMax, growthPerView ** waits)
  return viewDelays * setup.delayMs * growth + setup.blockTimeMs
}

/** What is due by now. */
export function runTimers(step: Step): void {
  const { state, nowMs } = step
  arm(step)
  if (state.armedMs !== undefined && !state.isTimedOut && nowMs >= state.armedMs + viewMs(state)) {
    state.isTimedOut = true
    promise(step, 'nullify', state.view, undefined)
    if (state.setup.has('nullify-after-finalize')) promise(step, 'nullify', state.view - 1, undefined)
  }
  if (state.repeatAtMs !== undefined && nowMs >= state.repeatAtMs) repeat(step)
}

/** The next time at which something is due; undefined when idle. */
export function nextMs(step: Step): number | undefined {
  const { state, nowMs } = step
  arm(step)
  const times: number[] = []
  if (state.repeatAtMs !== undefined) times.push(state.repeatAtMs)
  if (state.armedMs !== undefined) {
    if (!state.isTimedOut) times.push(state.armedMs + viewMs(state))
    const patientMs = state.enteredMs + patienceDelays * state.setup.delayMs
    if (patientMs > nowMs && isLeader(state) && state.proposal === undefined && mayNotarize(state))
      times.push(patientMs)
  }
  return times.length === 0 ? undefined : Math.min(...times)
}

/** The view is timed from the moment at which there is a reason to. */
function arm({ state, nowMs }: Step): void {
  const isArmed = state.own !== undefined && (state.hasWork || isUnsettled(state))
  if (!isArmed) state.armedMs = undefined
  else state.armedMs ??= nowMs
  if (!isArmed && state.finding === undefined && state.finalized === undefined) state.repeatAtMs = undefined
  else state.repeatAtMs ??= nowMs + resendDelays * state.setup.delayMs
}

function repeat(step: Step): void {
  const { state, nowMs } = step
  const { delayMs } = state.setup
  state.repetitions++
  state.turn++
  const isIdle = state.armedMs === undefined
  const delays = Math.min(resendDelays * 2 ** (state.repetitions - 1), isIdle ? findDelaysMax : resendDelaysMax)
  state.repeatAtMs = nowMs + delays * delayMs
  for (const hash of state.wanted.keys()) askNext(step, hash)
  fetchNotarized(step)
  // Messages of a view that has only just begun are still on their way.
  if (nowMs < state.enteredMs + delayMs) return
  repeatVotes(step)
  askLacking(step)
  askAround(step)
  callForHelp(step, state.repetitions > repetitionsBeforeFetch)
}

/** What others need to leave this view, and to make the last block final. */
function repeatVotes(step: Step): void {
  const { state } = step
  const { ownVotes } = state
  const finalize = ownVotes.filter(({ kind }) => kind === 'finalize').at(-1)
  const ofView = ownVotes.filter(({ kind, view }) => view === state.view && kind !== 'finalize')
  if (finalize !== undefined) tell(step, finalize)
  for (const vote of ofView) {
    if (vote.kind === 'notarize' && isLeader(state)) repeatProposal(step, vote)
    else tell(step, vote)
  }
}

/** To those only who did not notarize it. */
function repeatProposal(step: Step, vote: State['ownVotes'][number]): void {
  const { state } = step
  const inner: Step = { ...step, effects: [] }
  tell(inner, vote)
  const voted = state.rounds.get(state.view)?.notarize ?? []
  const to = others(state).filter((address) => voted[state.committee.placeOf.get(address) ?? 0] === undefined)
  for (const effect of inner.effects) if (effect.kind === 'send') send(step, to, effect.message)
}

function askLacking(step: Step): void {
  const { state } = step
  const all = others(state)
  if (state.lacking.length === 0 || all.length === 0) return
  const inTurn = all[state.turn % all.length]
  const leader = isLeader(state) ? undefined : addressAt(state, leaderPlace(state))
  const to = [...new Set([inTurn, leader])].filter((address) => address !== undefined)
  send(step, to, { kind: 'ask', epoch: state.committee.set.epoch, views: state.lacking, blocks: [] })
}
