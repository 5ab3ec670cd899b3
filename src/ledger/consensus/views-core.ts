// Certificates move a validator from view to view: one of any view that it has not left takes it to the next.

import type { Hash } from '../types.ts'
import { viewsBehindMax } from './limits.ts'
import { promise } from './own-core.ts'
import type { Entry, State, Step } from './state-core.ts'
import type { Certificate, Head } from './types.ts'

/** Nullified blocks are kept so many views, for whoever saw them notarized before. */
const nullifiedBlocksKept = 16

/** Takes a certificate that was checked. */
export function accept(step: Step, certificate: Certificate): void {
  const { state } = step
  if (!isUseful(state, certificate)) return
  const { kind, view, block } = certificate
  if (kind === 'finalize') state.finalized = certificate
  else (kind === 'notarize' ? state.notarized : state.nullified).set(view, certificate)
  step.write([{ kind: 'certificate', certificate }], [])
  if (view < state.view) return
  // Rule 3: leaving a view by its block, we say that it was not skipped here. After a nullify vote `promise` refuses.
  if (kind === 'notarize') promise(step, 'finalize', view, block)
  enterView(step, view + 1)
}

/** Whether it says something new. */
export function isUseful(state: State, { epoch, view, kind }: Certificate): boolean {
  if (epoch !== state.committee.set.epoch && !state.setup.has('any-epoch')) return false
  if (view <= state.base.view) return false
  if (kind === 'finalize') return view > (state.finalized?.view ?? 0)
  return !(kind === 'notarize' ? state.notarized : state.nullified).has(view)
}

export function enterView(step: Step, view: number): void {
  const { state } = step
  state.view = view
  state.enteredMs = step.nowMs
  state.armedMs = undefined
  state.isTimedOut = false
  state.isStirred = false
  state.repetitions = 0
  state.proposal = undefined
  state.build = undefined
  state.emptyParent = undefined
  state.lacking = []
  forget(state)
}

/** The base moves on: what lies behind it is settled. */
export function rebase(step: Step, head: Head, certificate: Certificate | undefined): void {
  const { state } = step
  state.base = head
  state.baseCertificate = certificate
  if (state.finalized !== undefined && state.finalized.view <= head.view) state.finalized = undefined
  for (const certificates of [state.notarized, state.nullified]) {
    for (const view of certificates.keys()) if (view <= head.view) certificates.delete(view)
  }
  for (const [hash, { block }] of state.entries) if (block.height <= head.height) state.entries.delete(hash)
  state.ownVotes = state.ownVotes.filter((vote) => vote.view > head.view)
  state.wanted.clear()
  state.behindMs = undefined
  if (state.view <= head.view) enterView(step, head.view + 1)
  else forget(state)
}

/** Votes that no certificate needs any more, and blocks that nothing will be built on. */
function forget(state: State): void {
  for (const view of state.rounds.keys()) {
    if (view <= state.base.view || view < state.view - viewsBehindMax) state.rounds.delete(view)
  }
  const kept = new Set<Hash>()
  for (const entry of state.entries.values()) if (isKept(state, entry)) keep(state, entry, kept)
  for (const hash of state.entries.keys()) if (!kept.has(hash)) state.entries.delete(hash)
}

/** Certified, voted for, or of this view; but for those whose view was skipped long ago. */
function isKept({ view, notarized, nullified, finalized }: State, { block, isLogged }: Entry): boolean {
  const { hash } = block
  if (block.view >= view || notarized.get(block.view)?.block === hash || finalized?.block === hash) return true
  return isLogged && !(nullified.has(block.view) && block.view < view - nullifiedBlocksKept)
}

function keep(state: State, kept: Entry, all: Set<Hash>): void {
  for (let entry: Entry | undefined = kept; entry !== undefined; entry = state.entries.get(entry.block.parent)) {
    if (all.has(entry.block.hash)) return
    all.add(entry.block.hash)
  }
}
