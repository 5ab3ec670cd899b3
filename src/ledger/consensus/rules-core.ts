// The rules of Simplex (eprint 2023/463, figure 1), looked at after every input: what is final, what to propose, what to vote for, when
// to skip. Each looks at the state alone, so it does not matter in which order things came to be known.

import type { Block, Hash } from '../types.ts'
import { checkUpTo, pathTo, want } from './blocks-core.ts'
import { patienceDelays, recentBlocksMax, viewsPerAskMax } from './limits.ts'
import { mayNotarize, promise } from './own-core.ts'
import {
  addressAt,
  certificateOn,
  endsEpoch,
  isLeader,
  leaderPlace,
  type State,
  type Step,
  send,
  signersOf,
  unskipped,
  viewOf,
} from './state-core.ts'
import { rebase } from './views-core.ts'

/** Every rule, once; what they cause comes back as inputs. */
export function settle(step: Step): void {
  finalize(step)
  if (step.ended !== undefined) return
  skipWithOthers(step)
  propose(step)
  notarize(step)
}

// ---- rule 4: a quorum of finalize votes makes a block and all before it final

function finalize(step: Step): void {
  const { state } = step
  const certificate = state.finalized
  const hash = certificate?.block
  if (certificate === undefined || hash === undefined || state.hasDisagreed) return
  const check = checkUpTo(step, hash, signersOf(state, certificate))
  if (check === 'bad') disagree(step, hash)
  if (check !== 'good') return
  const path = pathTo(state, hash)
  // A descendant of the block that ends the epoch is not part of the chain; it only shows that all before it are final.
  const end = path.findIndex(({ verdict }) => verdict?.ok === true && verdict.nextSet !== undefined)
  const isEnd = end >= 0 && !state.setup.has('epoch-goes-on')
  const blocks = path.slice(0, isEnd ? end + 1 : path.length).map(({ block }) => block)
  const trail = path.slice(blocks.length).map(({ block }) => block)
  const last = path[blocks.length - 1]
  if (last === undefined) return
  const nextSet = isEnd && last.verdict?.ok === true ? last.verdict.nextSet : undefined
  step.effects.push({ kind: 'final', blocks, certificate, trail, nextSet })
  const { height, epoch, view } = last.block
  const head = { hash: last.block.hash, height, epoch, view }
  if (nextSet !== undefined) {
    const previous = { epoch, certificate, blocks: [...state.recent, ...blocks, ...trail].slice(-recentBlocksMax) }
    step.ended = { head, set: nextSet, previous }
    return
  }
  state.recent.push(...blocks)
  state.recent.splice(0, state.recent.length - recentBlocksMax)
  rebase(step, head, certificate)
}

function disagree(step: Step, hash: Hash): void {
  const { state } = step
  state.hasDisagreed = true
  state.maySign = false
  const bad = pathTo(state, hash).find(({ check }) => check === 'bad')
  if (bad === undefined) return
  const verdict = bad.verdict ?? {
    ok: false,
    code: 'consensus_block_unlinked',
    sentence: 'It does not follow the block before it.',
  }
  step.effects.push({ kind: 'disagree', block: bad.block, verdict })
}

// ---- rule 1: the leader proposes a block on the last notarized one, once

function propose(step: Step): void {
  const { state } = step
  if (!isLeader(state) || state.proposal !== undefined || !mayNotarize(state)) return
  const isPatient = step.nowMs < state.enteredMs + patienceDelays * state.setup.delayMs
  const parent = parentFor(step, isPatient)
  if (parent === undefined) return
  const isUnfinal = parent !== state.base.hash
  // After the block that ends an epoch nothing is carried: a block is only of use if finality does not come otherwise.
  const hasWork = state.hasWork && state.emptyParent !== parent && !endsEpoch(state, parent)
  const mayBeEmpty = isUnfinal && !isPatient
  if (!hasWork && !mayBeEmpty) return
  if (state.build?.parent === parent && (state.build.mayBeEmpty || !mayBeEmpty)) return
  state.build = { parent, mayBeEmpty }
  step.effects.push({ kind: 'build', epoch: state.committee.set.epoch, view: state.view, parent, mayBeEmpty })
}

/** The highest block that everyone must accept as parent, and that is here with all before it. */
function parentFor(step: Step, isPatient: boolean): Hash | undefined {
  const { state } = step
  for (const { hash, view } of candidates(state)) {
    const lacking = state.setup.has('no-proofs') ? [] : unskipped(state, view, state.view, viewsPerAskMax)
    state.lacking = lacking
    if (lacking.length > 0) return undefined
    const certificate = certificateOn(state, hash)
    const holders = certificate === undefined ? [] : signersOf(state, certificate)
    if (hash === state.base.hash || checkUpTo(step, hash, holders) === 'good') return hash
    // One whose view was also skipped may be lost for good; an earlier one serves as well.
    if (isPatient || !state.nullified.has(view)) return undefined
  }
  return undefined
}

/** Blocks with a certificate, highest first, and the base. */
function candidates(state: State): readonly { readonly hash: Hash; readonly view: number }[] {
  const certificates = [...state.notarized.values()]
  if (state.finalized !== undefined) certificates.push(state.finalized)
  const found = certificates.flatMap(({ block, view }) => (block === undefined ? [] : [{ hash: block, view }]))
  return [...found.sort((a, b) => b.view - a.view), state.base]
}

// ---- rule 2: notarize the first valid proposal, once

function notarize(step: Step): void {
  const { state } = step
  const block = state.proposal
  if (block === undefined || !mayNotarize(state)) return
  if (!isJustified(step, block)) return
  if (checkUpTo(step, block.hash, [addressAt(state, leaderPlace(state))]) !== 'good') return
  promise(step, 'notarize', state.view, block)
}

/** Its parent has a certificate, and every view in between was skipped by a quorum. */
function isJustified(step: Step, block: Block): boolean {
  const { state } = step
  const { has } = state.setup
  const parentView = viewOf(state, block.parent)
  if (parentView === undefined && has('any-parent')) return true
  if (parentView !== undefined && has('no-proofs')) return true
  const missing = unskipped(state, parentView ?? state.base.view, state.view, viewsPerAskMax)
  if (parentView !== undefined && missing.length === 0) return true
  // Asked for once; then at every repetition.
  if (state.lacking.length === 0 && missing.length > 0 && !isLeader(state)) {
    state.lacking = missing
    const leader = addressAt(state, leaderPlace(state))
    send(step, [leader], { kind: 'ask', epoch: block.epoch, views: missing, blocks: [] })
  }
  return false
}

/** f+1 have given the view up, so an honest one has: waiting longer only keeps the others waiting. */
function skipWithOthers(step: Step): void {
  const { state } = step
  const round = state.rounds.get(state.view)
  if (state.isTimedOut || round === undefined || round.read.nullify <= state.committee.faults) return
  state.isTimedOut = true
  promise(step, 'nullify', state.view, undefined)
}

/** Blocks whose certificate came without them, so that they are here when they are needed. */
export function fetchNotarized(step: Step): void {
  const { state } = step
  for (const certificate of state.notarized.values()) {
    const { block } = certificate
    if (block !== undefined && !state.entries.has(block)) want(step, block, signersOf(state, certificate))
  }
}
