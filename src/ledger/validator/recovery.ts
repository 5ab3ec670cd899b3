// The recovery ceremony (docs/recovery.md): when more validators are gone for good than the set bears, those who are left state from
// which block and with whom they go on, sign it, and every person confirms it by hand. Pure but for the signer.
//
// Must stay true: nobody signs or accepts a statement that is not about the last final block that is here; each signature is of
// another validator of the last set; more than f signed, so at least one honest validator did.

import type { Chain } from '../chain/types.ts'
import { faultsOf, isValidSet, quorumOf } from '../consensus/certificate-core.ts'
import type { Recover } from '../consensus/types.ts'
import type { Address } from '../types.ts'
import { validatorErrors } from './errors.ts'
import { type Recovery, type RecoveryStatement, recoveryDigest } from './recovery-wire.ts'
import type { ValidatorSigner } from './types.ts'

type Last = Pick<Chain, 'genesis' | 'genesisHash' | 'head' | 'validators'>

/** What those who are left would sign. Throws `ledger_recovery_wrong` for a set that can be none. */
export function stateRecovery(chain: Last, validators: readonly Address[]): RecoveryStatement {
  const { height, hash } = chain.head()
  const set = { epoch: chain.validators().epoch + 1, validators: [...new Set(validators)].sort() }
  if (!isValidSet(set)) throw wrong('The new set needs 1 to 100 validators.')
  return { genesisHash: chain.genesisHash, chainId: chain.genesis.chainId, height, block: hash, set }
}

/** Adds our signature. Throws `ledger_recovery_wrong` where it is not what we know, or we have no part in it. */
export function signRecovery(recovery: Recovery, chain: Last, signer: ValidatorSigner, recover: Recover): Recovery {
  requireOurs(recovery.statement, chain)
  const { validators } = chain.validators()
  if (!validators.includes(signer.address)) throw wrong('Only validators of the last set sign.')
  const signed = signersOf(recovery, chain, recover)
  signed.set(signer.address, signer.sign(recoveryDigest(recovery.statement)))
  return { ...recovery, signatures: validators.flatMap((address) => signed.get(address) ?? []) }
}

export interface CheckedRecovery {
  readonly signers: readonly Address[]
  /** Of the last set, who did not sign. */
  readonly missing: readonly Address[]
  /** To be read aloud and compared by everyone before they confirm: eight groups of four digits. */
  readonly fingerprint: string
}

/** Throws `ledger_recovery_wrong` for what must not be confirmed. */
export function checkRecovery(recovery: Recovery, chain: Last, recover: Recover): CheckedRecovery {
  requireOurs(recovery.statement, chain)
  const { validators } = chain.validators()
  const signed = signersOf(recovery, chain, recover)
  const faults = faultsOf(validators.length)
  if (signed.size <= faults) {
    throw wrong(`${signed.size} of ${validators.length} validators signed; at least ${faults + 1} have to.`)
  }
  if (signed.size >= quorumOf(validators.length)) {
    throw wrong('A quorum of the last set is there: it changes its set by a transaction, without a ceremony.')
  }
  const digits = Buffer.from(recoveryDigest(recovery.statement)).toString('hex').slice(0, 32)
  return {
    signers: validators.filter((address) => signed.has(address)),
    missing: validators.filter((address) => !signed.has(address)),
    fingerprint: digits.match(/.{4}/g)?.join(' ') ?? digits,
  }
}

function requireOurs({ genesisHash, height, block, set }: RecoveryStatement, chain: Last): void {
  const head = chain.head()
  if (genesisHash !== chain.genesisHash) throw wrong('It is about another ledger.')
  if (height !== head.height || block !== head.hash) {
    throw wrong(
      `It begins at block ${height}, but the last final block here is ${head.height}: fetch or compare first.`,
    )
  }
  if (set.epoch !== chain.validators().epoch + 1 || !isValidSet(set)) throw wrong('It does not begin the next epoch.')
}

function signersOf({ statement, signatures }: Recovery, chain: Last, recover: Recover): Map<Address, Uint8Array> {
  const { validators } = chain.validators()
  const digest = recoveryDigest(statement)
  const signed = new Map<Address, Uint8Array>()
  for (const signature of signatures) {
    const address = recover(digest, signature)
    if (address === undefined || !validators.includes(address)) throw wrong('A signature is of nobody in the last set.')
    if (signed.has(address)) throw wrong('A validator signed twice.')
    signed.set(address, signature)
  }
  return signed
}

function wrong(what: string) {
  return validatorErrors.ledger_recovery_wrong(what)
}
