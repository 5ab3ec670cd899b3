// Votes and certificates of others: checked, counted, and what contradicts itself shown.

import { isContradiction, isSameBallot } from './certificate-core.ts'
import { statusOf } from './help-core.ts'
import { relayersMax, viewsAheadMax, viewsBehindMax } from './limits.ts'
import { addressAt, leaderPlace, peerOf, type Round, type Slot, type State, type Step, send } from './state-core.ts'
import type { Ballot, Certificate, Vote } from './types.ts'
import { accept } from './views-core.ts'

function roundOf(state: State, view: number): Round {
  const known = state.rounds.get(view)
  if (known !== undefined) return known
  const read = { notarize: 0, nullify: 0, finalize: 0 }
  const round: Round = { notarize: [], nullify: [], finalize: [], read, voices: new Set() }
  state.rounds.set(view, round)
  return round
}

function certificateFor(state: State, { kind, view }: Ballot): Certificate | undefined {
  if (kind === 'notarize') return state.notarized.get(view)
  if (kind === 'nullify') return state.nullified.get(view)
  return state.finalized?.view === view ? state.finalized : undefined
}

/** Counts a vote of this epoch; false where it was not signed by whom it names. */
export function addVote(step: Step, vote: Vote): boolean {
  const { state } = step
  const { kind, view, validator } = vote
  const peer = peerOf(state, addressAt(state, validator))
  if (view <= state.base.view || view < state.view - viewsBehindMax) return true
  if (view > state.view + viewsAheadMax) {
    // Too far to be kept, and not worth a signature check: it only tells whom to ask.
    peer.view = Math.max(peer.view, view)
    stir(step, vote)
    return true
  }
  const before = state.rounds.get(view)?.[kind][validator]
  if (before !== undefined && isSameBallot(before.vote, vote)) {
    stir(step, vote)
    if (state.setup.has('count-twice')) count(step, roundOf(state, view), vote)
    return true
  }
  const certificate = certificateFor(state, vote)
  const isLate = certificate !== undefined && isSameBallot(certificate, vote) && before === undefined
  if (!isLate && !isSigned(state, vote)) return false
  const round = roundOf(state, view)
  round.voices.add(validator)
  peer.heardView = Math.max(peer.heardView, view)
  peer.view = Math.max(peer.view, view)
  if (before === undefined) round[kind][validator] = { vote, isRead: !isLate }
  stir(step, vote)
  accuse(step, round, vote)
  if (before === undefined && !isLate) count(step, round, vote)
  return true
}

/**
 * Somebody wants something in this view: then it is timed here, too. One who is in a later view may be lying; when more than f
 * are, an honest one is, so we ask for what took it there.
 */
function stir(step: Step, { view, validator }: Vote): void {
  const { state } = step
  if (state.isStirred || view < state.view) return
  if (view === state.view) {
    state.isStirred = true
    return
  }
  const ahead = [...state.peers.values()].filter((peer) => peer.view > state.view).length
  if (ahead <= state.committee.faults) return
  state.isStirred = true
  send(
    step,
    [addressAt(state, validator)].filter((address) => address !== state.setup.address),
    statusOf(state, false),
  )
}

/** Our own votes come from ourselves, but for those in certificates of others. */
function isSigned(state: State, vote: Vote, isFromOutside = vote.validator !== state.own): boolean {
  if (!isFromOutside || state.setup.has('no-signatures')) return true
  return state.setup.recover(state.setup.digestOf(vote), vote.signature) === addressAt(state, vote.validator)
}

/** Looks for what this validator said otherwise in the same view. False where it did not say this at all. */
function accuse(step: Step, round: Round, vote: Vote): boolean {
  const { state } = step
  const { validator } = vote
  if (state.accused.has(validator)) return true
  for (const slot of [round[vote.kind][validator], round.nullify[validator], round.finalize[validator]]) {
    if (slot === undefined || !isContradiction(slot.vote, vote) || !isRead(state, slot)) continue
    // The vote itself may not have been looked at yet.
    if (!isSigned(state, vote, true)) return false
    state.accused.add(validator)
    const evidence = { first: slot.vote, second: vote }
    step.effects.push({ kind: 'evidence', evidence, validator: addressAt(state, validator) })
    return true
  }
  return true
}

/**
 * Somebody told us one thing and signed another for others: certificates that come with proposals bring it to light. False for one with
 * a signature that is none; the first such ends it, so that forged ones cost little.
 */
export function compare(step: Step, certificate: Certificate): boolean {
  const { state } = step
  const { kind, epoch, view, block } = certificate
  const round = state.rounds.get(view)
  if (round === undefined || epoch !== state.committee.set.epoch) return true
  return certificate.signatures.every(
    ({ validator, signature }) =>
      validator < state.committee.size && accuse(step, round, { kind, epoch, view, block, validator, signature }),
  )
}

function isRead(state: State, slot: Slot): boolean {
  slot.isRead ||= isSigned(state, slot.vote)
  return slot.isRead
}

/** Makes a certificate as soon as a quorum said the same. */
function count(step: Step, round: Round, vote: Vote): void {
  const { state } = step
  const { quorum, size } = state.committee
  if (++round.read[vote.kind] < quorum) return
  const agreeing: Vote[] = []
  for (let place = 0; place < size && agreeing.length < quorum; place++) {
    const slot = round[vote.kind][place]
    if (slot?.isRead === true && slot.vote.block === vote.block) agreeing.push(slot.vote)
  }
  if (agreeing.length < quorum && !state.setup.has('count-twice')) return
  const { kind, epoch, view, block } = vote
  const signatures = agreeing.map(({ validator, signature }) => ({ validator, signature }))
  const certificate = { kind, epoch, view, block, signatures }
  if (kind !== 'finalize' && view >= state.view) relay(step, certificate)
  accept(step, certificate)
}

/** The next leader needs it most, and may be the one whom a liar left out: the validators behind it in turn hand it over. */
function relay(step: Step, certificate: Certificate): void {
  const { state } = step
  if (state.own === undefined) return
  const { size } = state.committee
  const leader = leaderPlace(state, certificate.view + 1)
  const distance = (state.own - leader + size) % size
  if (distance < 1 || distance > relayersMax) return
  send(step, [addressAt(state, leader)], { kind: 'certificates', certificates: [certificate] })
}

/** Signed by a quorum of this epoch. Signatures that are known from votes are not computed again. */
export function isCertified(state: State, certificate: Certificate): boolean {
  const { committee, setup } = state
  const { signatures, kind, view } = certificate
  if (signatures.length < committee.quorum) return false
  const digest = setup.digestOf(certificate)
  const slots = state.rounds.get(view)?.[kind]
  let before = -1
  for (const { validator, signature } of signatures) {
    const address = committee.set.validators[validator]
    if (validator <= before || address === undefined) return false
    before = validator
    const slot = slots?.[validator]
    const isKnown =
      slot?.isRead === true && isSameBallot(slot.vote, certificate) && isSame(slot.vote.signature, signature)
    if (!isKnown && !setup.has('no-signatures') && setup.recover(digest, signature) !== address) return false
  }
  return true
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, at) => byte === b[at]))
}
