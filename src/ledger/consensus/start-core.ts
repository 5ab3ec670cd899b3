// How an epoch begins: for a validator that starts, from the chain's head and its write-ahead log; for one that runs, from the
// block that ended the epoch before.

import { addBlock } from './blocks-core.ts'
import { isLater, placeOf } from './certificate-core.ts'
import { statusOf } from './help-core.ts'
import { askedAtOnceMax, votesResentMax } from './limits.ts'
import { tell } from './own-core.ts'
import { others, type Previous, type State, type Step, send } from './state-core.ts'
import type { Certificate, Input, Vote, WalRecord } from './types.ts'
import { enterView } from './views-core.ts'
import { addVote } from './votes-core.ts'

export function epochOf(record: WalRecord): number {
  switch (record.kind) {
    case 'vote':
      return record.vote.epoch
    case 'block':
      return record.block.epoch
    case 'certificate':
      return record.certificate.epoch
  }
}

/** What an earlier life of this validator has promised and seen in this epoch. */
export function load(state: State, records: readonly WalRecord[]): void {
  for (const record of records) {
    if (epochOf(record) !== state.committee.set.epoch) continue
    if (record.kind === 'vote') loadVote(state, record.vote)
    else if (record.kind === 'certificate') loadCertificate(state, record.certificate)
    else {
      const entry = addBlock(state, record.block)
      if (entry !== undefined) entry.isLogged = true
    }
  }
}

function loadVote(state: State, vote: Vote): void {
  if (vote.validator !== state.own) return
  if (isLater(placeOf(vote), state.last)) state.last = placeOf(vote)
  if (vote.view > state.base.view) state.ownVotes.push(vote)
  state.view = Math.max(state.view, vote.view)
}

function loadCertificate(state: State, certificate: Certificate): void {
  const { kind, view, block } = certificate
  const { base } = state
  if (kind === 'finalize' && view === base.view && block === base.hash) state.baseCertificate = certificate
  if (view <= base.view) return
  if (kind === 'notarize') state.notarized.set(view, certificate)
  else if (kind === 'nullify') state.nullified.set(view, certificate)
  else if (view > (state.finalized?.view ?? 0)) state.finalized = certificate
  state.view = Math.max(state.view, view + 1)
}

/** The end of the epoch before, for those who are still in it. */
export function previousOf(epoch: number, records: readonly WalRecord[]): Previous | undefined {
  let certificate: Certificate | undefined
  for (const record of records) {
    if (record.kind !== 'certificate' || record.certificate.kind !== 'finalize') continue
    if (record.certificate.epoch === epoch && record.certificate.view > (certificate?.view ?? 0)) {
      certificate = record.certificate
    }
  }
  if (certificate === undefined) return undefined
  const blocks = records.flatMap((record) =>
    record.kind === 'block' && record.block.epoch === epoch ? record.block : [],
  )
  return { epoch, certificate, blocks }
}

/** Goes on where it was, and says again what was promised: it may never have left. */
export function resume(step: Step): void {
  const { state } = step
  enterView(step, state.view)
  const votes = state.ownVotes.slice(-votesResentMax)
  if (state.setup.has('no-resend')) state.ownVotes = []
  else for (const vote of votes) tell(step, vote)
  for (const vote of votes) if (!state.setup.has('no-resend')) addVote(step, vote)
}

/** Asks where others are; whoever must not trust its own memory says nothing before a quorum of them has answered. */
export function find(step: Step, { mustConfirm }: Pick<Extract<Input, { kind: 'start' }>, 'mustConfirm'>): void {
  const { state } = step
  const peers = others(state)
  state.mustConfirm = mustConfirm && peers.length > 0
  if (mustConfirm) state.maySign = !state.mustConfirm && !state.hasDisagreed
  if (state.own === undefined || peers.length === 0) return
  const { faults, quorum } = state.committee
  state.finding = new Map()
  state.findNeeded = Math.min(state.mustConfirm ? quorum : faults + 1, peers.length)
  const asked = state.mustConfirm ? peers : peers.slice(0, Math.max(state.findNeeded, askedAtOnceMax))
  send(step, asked, statusOf(state, false))
}
