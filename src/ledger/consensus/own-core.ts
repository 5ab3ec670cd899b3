// Our own votes: signed, written, and only then told and counted.

import type { Block, Hash } from '../types.ts'
import { isLater, placeOf } from './certificate-core.ts'
import { certificatesPerMessageMax } from './limits.ts'
import { certificateOn, isLeader, others, type State, type Step, send, viewOf } from './state-core.ts'
import type { Ballot, Certificate, Vote, VoteKind, WalRecord } from './types.ts'

/**
 * Signs, if the rules still allow it: never at or before the place of an earlier vote. So nobody gets two notarize votes of one view
 * from us, nor nullify and finalize. The block of a notarize vote is on disk with it.
 */
export function promise(step: Step, kind: VoteKind, view: number, about: Block | Hash | undefined): boolean {
  const { state } = step
  const block = typeof about === 'object' ? about.hash : about
  const ballot: Ballot = { kind, epoch: state.committee.set.epoch, view, block }
  if (state.own === undefined || !state.maySign) return false
  const isAllowed = isLater(placeOf(ballot), state.last)
  if (!isAllowed && !isForced(state, ballot)) return false
  if (isAllowed) state.last = placeOf(ballot)
  const vote = { ...ballot, validator: state.own, signature: state.setup.sign(state.setup.digestOf(ballot)) }
  const records: WalRecord[] = [{ kind: 'vote', vote }]
  if (typeof about === 'object') {
    records.unshift({ kind: 'block', block: about })
    const entry = state.entries.get(about.hash)
    if (entry !== undefined) entry.isLogged = true
  }
  step.write(records, [vote])
  return true
}

/** Whether a notarize vote could still be given in the current view. */
export function mayNotarize(state: State): boolean {
  const { epoch } = state.committee.set
  if (state.own === undefined || !state.maySign) return false
  return isLater({ epoch, view: state.view, rank: 1 }, state.last) || state.setup.has('double-vote')
}

/** Only with a fault that the simulator built in. */
function isForced(state: State, { kind, view, block }: Ballot): boolean {
  const { has } = state.setup
  const said = state.ownVotes.filter((vote) => vote.view === view)
  if (kind === 'finalize') return has('finalize-after-nullify') && !said.some((vote) => vote.kind === 'finalize')
  if (kind === 'notarize') return has('double-vote') && !said.some((vote) => vote.block === block)
  return has('nullify-after-finalize') && !said.some((vote) => vote.kind === 'nullify')
}

/** Tells a vote that is on disk; a leader's goes with its block and the certificates that allow it. */
export function tell(step: Step, vote: Vote): void {
  const { state } = step
  const message = proposalOf(state, vote)
  send(step, others(state), message ?? { kind: 'vote', vote })
}

/** Undefined for a vote that proposes nothing. */
export function proposalOf(state: State, vote: Vote) {
  const { kind, view, block: hash } = vote
  if (kind !== 'notarize' || hash === undefined || view !== state.view || !isLeader(state)) return undefined
  const block = state.entries.get(hash)?.block
  return block === undefined
    ? undefined
    : { kind: 'proposal' as const, vote, block, certificates: proofsOf(state, block) }
}

/** The certificate of the parent, and of every view skipped since: the newest ones, where they are more than a message holds. */
function proofsOf(state: State, { parent, view }: Block): readonly Certificate[] {
  const onParent = parent === state.base.hash ? state.baseCertificate : certificateOn(state, parent)
  const proofs = onParent === undefined ? [] : [onParent]
  for (let at = (viewOf(state, parent) ?? view) + 1; at < view; at++) {
    const certificate = state.nullified.get(at)
    if (certificate !== undefined) proofs.push(certificate)
  }
  return proofs.slice(-certificatesPerMessageMax)
}
