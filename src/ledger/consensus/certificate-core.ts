// Who decides in an epoch, and whether a vote, a certificate or evidence is what it says: for the core, and for whoever holds a
// set and the genesis hash and nothing else (light clients, proof files).
//
// n validators bear f = ⌊(n−1)/3⌋ liars. A quorum is the least number of which any two share f+1: ⌊(n+f)/2⌋+1, which is 2f+1 for
// n = 3f+1. So two quorums share an honest validator, and n−f (those who are not liars) are always one.

import type { Address, Hash, ValidatorSet } from '../types.ts'
import { validatorsMax } from './limits.ts'
import type { Ballot, Certificate, Evidence, Place, Recover, Vote, VoteKind } from './types.ts'
import { voteDigest } from './vote-wire.ts'

export function faultsOf(validators: number): number {
  return Math.floor((validators - 1) / 3)
}

export function quorumOf(validators: number): number {
  return Math.floor((validators + faultsOf(validators)) / 2) + 1
}

/** Round robin; the epoch shifts it, so that a set that changes often does not always begin with the same one. */
export function leaderOf(set: ValidatorSet, view: number): number {
  return (set.epoch + view - 1) % set.validators.length
}

/** Sorted, without repetition, of a size that is allowed. */
export function isValidSet({ epoch, validators }: ValidatorSet): boolean {
  const isSorted = validators.every((address, at) => at === 0 || (validators[at - 1] ?? '') < address)
  return (
    Number.isSafeInteger(epoch) &&
    epoch >= 0 &&
    isSorted &&
    validators.length >= 1 &&
    validators.length <= validatorsMax
  )
}

const ranks: Readonly<Record<VoteKind, Place['rank']>> = { notarize: 1, nullify: 2, finalize: 2 }

export function placeOf({ kind, epoch, view }: Ballot): Place {
  return { epoch, view, rank: ranks[kind] }
}

export function isLater(a: Place, b: Place): boolean {
  return (a.epoch - b.epoch || a.view - b.view || a.rank - b.rank) > 0
}

export function isSameBallot(a: Ballot, b: Ballot): boolean {
  return a.kind === b.kind && a.epoch === b.epoch && a.view === b.view && a.block === b.block
}

/** Signed by the validator whose place it names. */
export function checkVote(vote: Vote, set: ValidatorSet, genesisHash: Hash, recover: Recover): boolean {
  const address = set.validators[vote.validator]
  if (address === undefined || vote.epoch !== set.epoch) return false
  return recover(voteDigest(genesisHash, vote), vote.signature) === address
}

/** A quorum of this set has signed it. */
export function checkCertificate(
  certificate: Certificate,
  set: ValidatorSet,
  genesisHash: Hash,
  recover: Recover,
): boolean {
  const { signatures } = certificate
  if (certificate.epoch !== set.epoch || signatures.length < quorumOf(set.validators.length)) return false
  const digest = voteDigest(genesisHash, certificate)
  let before = -1
  for (const { validator, signature } of signatures) {
    const address = set.validators[validator]
    if (validator <= before || address === undefined || recover(digest, signature) !== address) return false
    before = validator
  }
  return true
}

/** Two blocks in one view, or a view both skipped and finalized. */
export function isContradiction(first: Ballot, second: Ballot): boolean {
  if (first.epoch !== second.epoch || first.view !== second.view) return false
  if (first.kind === second.kind) return first.block !== second.block
  return first.kind !== 'notarize' && second.kind !== 'notarize'
}

/** Who contradicted itself: both votes are its own, and an honest validator never gives both. Undefined: this shows nothing. */
export function checkEvidence(
  { first, second }: Evidence,
  set: ValidatorSet,
  genesisHash: Hash,
  recover: Recover,
): Address | undefined {
  if (first.validator !== second.validator || !isContradiction(first, second)) return undefined
  const areSigned = checkVote(first, set, genesisHash, recover) && checkVote(second, set, genesisHash, recover)
  return areSigned ? set.validators[first.validator] : undefined
}
