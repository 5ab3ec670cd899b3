// The recovery ceremony (docs/recovery.md): when more validators are gone for good than the set bears, those who are left state from
// which block and with whom they go on, sign it, and every person confirms it by hand. Pure but for the signer.
//
// Must stay true: nobody signs a statement that is not about the last final block that is here; each signature is of another
// validator of the last set; more than f signed, so at least one honest validator did, and fewer than a quorum, which needs no
// ceremony. What can't be checked yet is said to be so, and is checked before it counts (`checkRecoveredEnd`, chain/recovery.ts).

import { mayRecover } from '../chain/recovery.ts'
import type { Recovery as ChainRecovery, Genesis, Header } from '../chain/types.ts'
import { faultsOf, isValidSet, quorumOf } from '../consensus/certificate-core.ts'
import type { Recover } from '../consensus/types.ts'
import type { Address, Hash, ValidatorSet } from '../types.ts'
import { validatorErrors } from './errors.ts'
import { type Recovery, type RecoveryStatement, recoveryDigest } from './recovery-wire.ts'
import type { ValidatorSigner } from './types.ts'

/** What a node, whole or light, knows of its chain. */
export interface RecoveryView {
  readonly genesis: Pick<Genesis, 'chainId'>
  readonly genesisHash: Hash
  head(): Pick<Header, 'height' | 'hash'>
  validators(): ValidatorSet
  epochEnd(epoch: number): { readonly header: Pick<Header, 'hash'>; readonly next: ValidatorSet } | undefined
}

/** What those who are left would sign. Throws `ledger_recovery_wrong` for a set that can be none. */
export function stateRecovery(chain: RecoveryView, validators: readonly Address[]): RecoveryStatement {
  const { height, hash } = chain.head()
  const set = { epoch: chain.validators().epoch + 1, validators: [...new Set(validators)].sort() }
  if (!isValidSet(set)) throw wrong('The new set needs 1 to 100 validators.')
  return { genesisHash: chain.genesisHash, chainId: chain.genesis.chainId, height, block: hash, set }
}

/** Adds our signature. Throws `ledger_recovery_wrong` where it is not what we know, or we have no part in it. */
export function signRecovery(
  recovery: Recovery,
  chain: RecoveryView,
  signer: ValidatorSigner,
  recover: Recover,
): Recovery {
  const { standing, sentence } = examineRecovery(recovery, chain, recover)
  if (standing === 'early') throw wrong('This computer does not have that block yet: wait until it is level.')
  if (standing !== 'open' && standing !== 'ready') throw wrong(sentence)
  const { validators } = chain.validators()
  if (!validators.includes(signer.address)) throw wrong('Only validators of the last set sign.')
  const signed = signaturesOf(recovery, recover)
  signed.set(signer.address, signer.sign(recoveryDigest(recovery.statement)))
  return { ...recovery, signatures: validators.flatMap((address) => signed.get(address) ?? []) }
}

export interface RecoveryFacts {
  readonly signers: readonly Address[]
  /** Of the last set, who did not sign; empty where that set is not known here. */
  readonly missing: readonly Address[]
  /** To be read aloud and compared by everyone before they confirm: eight groups of four digits. */
  readonly fingerprint: string
  /**
   * `open`: more have to sign. `ready`: all that this computer can check holds. `early`: this computer's chain is not there yet, so who
   * signed is checked once it is. `taken`: this chain went on by it. `refused`: it must not be confirmed.
   */
  readonly standing: 'open' | 'ready' | 'early' | 'taken' | 'refused'
  readonly sentence: string
}

export function examineRecovery(recovery: Recovery, chain: RecoveryView, recover: Recover): RecoveryFacts {
  const fingerprint = fingerprintOf(recovery.statement)
  const { validators } = chain.validators()
  const isAtEnd = recovery.statement.set.epoch === chain.validators().epoch + 1
  try {
    const signers = [...signaturesOf(recovery, recover).keys()]
    const missing = isAtEnd ? validators.filter((address) => !signers.includes(address)) : []
    return { signers, missing, fingerprint, ...standingOf(recovery.statement, signers, chain) }
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error)
    return { signers: [], missing: isAtEnd ? validators : [], fingerprint, standing: 'refused', sentence }
  }
}

/** Throws `ledger_recovery_wrong` for what must not be confirmed, or can't be checked in full. */
export function checkRecovery(recovery: Recovery, chain: RecoveryView, recover: Recover): RecoveryFacts {
  const facts = examineRecovery(recovery, chain, recover)
  if (facts.standing !== 'ready') throw wrong(facts.sentence)
  return facts
}

export function fingerprintOf(statement: RecoveryStatement): string {
  const digits = Buffer.from(recoveryDigest(statement)).toString('hex').slice(0, 32)
  return digits.match(/.{4}/g)?.join(' ') ?? digits
}

/** As the chain takes it. Throws `ledger_recovery_wrong` for signatures that are none. */
export function chainRecoveryOf(recovery: Recovery, recover: Recover): ChainRecovery {
  const { height, block, set } = recovery.statement
  const signers = [...signaturesOf(recovery, recover).keys()]
  return { height, block, epoch: set.epoch, validators: set.validators, signers }
}

type Standing = Pick<RecoveryFacts, 'standing' | 'sentence'>

function standingOf(statement: RecoveryStatement, signers: readonly Address[], chain: RecoveryView): Standing {
  const { genesisHash, chainId, height, block, set } = statement
  const head = chain.head()
  const last = chain.validators()
  if (genesisHash !== chain.genesisHash || chainId !== chain.genesis.chainId) {
    return refused('It is about another ledger.')
  }
  if (!isValidSet(set) || set.epoch < 1) return refused('It names validators that are no set.')
  const end = chain.epochEnd(set.epoch - 1)
  if (end !== undefined) {
    const isSame = end.header.hash === block && String(end.next.validators) === String(set.validators)
    if (!isSame) return refused(`Here epoch ${set.epoch} began otherwise: this chain is another, or went on by itself.`)
    return { standing: 'taken', sentence: `This ledger went on by it: epoch ${set.epoch} began after block ${height}.` }
  }
  if (set.epoch <= last.epoch || height < head.height || (height === head.height && block !== head.hash)) {
    const here = height === head.height ? 'is another one' : `is ${head.height}`
    return refused(`It begins at block ${height}, but the last final block here ${here}: compare with the others.`)
  }
  if (height > head.height || set.epoch > last.epoch + 1) {
    const sentence = `The chain here is at block ${head.height} and not there yet: who signed is checked once it is at ${height}.`
    return { standing: 'early', sentence }
  }
  return standingOfSigners(last, signers)
}

function standingOfSigners(last: ValidatorSet, signers: readonly Address[]): Standing {
  const { length } = last.validators
  const faults = faultsOf(length)
  if (!signers.every((address) => last.validators.includes(address))) {
    return refused('A signature is of nobody in the last set.')
  }
  const count = `${signers.length} of ${length} validators signed`
  if (signers.length >= quorumOf(length)) {
    return refused('A quorum of the last set is there: it changes its set by a transaction, without a ceremony.')
  }
  if (mayRecover(last, signers)) return { standing: 'ready', sentence: `${count}, which is enough.` }
  if (faults + 1 >= quorumOf(length)) return refused(`A ledger of ${length} can’t be recovered by its signatures.`)
  return { standing: 'open', sentence: `${count}; at least ${faults + 1} have to.` }
}

function refused(sentence: string): Standing {
  return { standing: 'refused', sentence }
}

/** By whom; in the order of the file. Throws `ledger_recovery_wrong`. */
function signaturesOf({ statement, signatures }: Recovery, recover: Recover): Map<Address, Uint8Array> {
  const digest = recoveryDigest(statement)
  const signed = new Map<Address, Uint8Array>()
  for (const signature of signatures) {
    const address = recover(digest, signature)
    if (address === undefined) throw wrong('A signature is none.')
    if (signed.has(address)) throw wrong('A validator signed twice.')
    signed.set(address, signature)
  }
  return signed
}

function wrong(what: string) {
  return validatorErrors.ledger_recovery_wrong(what)
}
