// Another set of validators: those in force sign who is to follow (EIP-712, contracts/core/PeerhoodSystem.sol), and with the
// signatures of a quorum anyone of them sends the change. The block with it ends the epoch.

import type { Clock, Log } from '../../base/ports.ts'
import type { Chain } from '../chain/types.ts'
import { quorumOf } from '../consensus/certificate-core.ts'
import { ledgerErrors } from '../errors.ts'
import { recoverAddress } from '../evm/crypto.ts'
import { changeGas, changeGasPerSignature } from '../limits.ts'
import type { Address } from '../types.ts'
import { systemCall } from '../validator/system-call.ts'
import type { LedgerNode } from '../validator/types.ts'
import { changeCall, changeDigest } from './contract-calls.ts'
import type { SignedChange } from './messages.ts'
import { validatorSigner } from './signer.ts'
import { waitTurn } from './turn.ts'

export interface SuccessionParts {
  readonly chain: Chain
  readonly node: Pick<LedgerNode, 'submit'>
  readonly clock: Clock
  readonly log: Log
  readonly secret: Uint8Array | undefined
}

export function createSuccession({ chain, node, clock, log, secret }: SuccessionParts) {
  const signer = secret === undefined ? undefined : validatorSigner(secret)
  const stopping = new AbortController()
  let isBusy = false

  /** Signatures of this set that say the same of the present epoch, by ascending address; undefined: too few. */
  function agreed(changes: readonly SignedChange[]) {
    const { epoch, validators } = chain.validators()
    const due = changes.filter((change) => change.epoch === epoch)
    for (const { validators: next } of due) {
      const digest = changeDigest(chain.genesis.chainId, epoch, next)
      const signers = new Map<Address, Uint8Array>()
      for (const one of due) {
        const signer = String(one.validators) === String(next) ? recoverAddress(digest, one.signature) : undefined
        if (signer !== undefined && validators.includes(signer)) signers.set(signer, one.signature)
      }
      if (signers.size >= quorumOf(validators.length)) {
        const signatures = [...signers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, signature]) => signature)
        return { next, signatures }
      }
    }
    return undefined
  }

  async function send(changes: readonly SignedChange[]): Promise<void> {
    const { epoch, validators } = chain.validators()
    const place = signer === undefined ? -1 : validators.indexOf(signer.address)
    if (agreed(changes) === undefined || place < 0 || signer === undefined) return
    await waitTurn({ place, count: validators.length, first: epoch }, { clock, signal: stopping.signal })
    const found = agreed(changes)
    if (found === undefined) return
    const call = {
      data: changeCall(found.next, found.signatures),
      gasLimit: changeGas + changeGasPerSignature * BigInt(found.signatures.length + found.next.length),
    }
    await node.submit(await systemCall(chain, signer, call))
    log.info('ledger_validators_changed', { epoch, validators: found.next.length })
  }

  return {
    /** This validator's signature under a change of the present epoch. Throws `ledger_not_validator`. */
    sign(next: readonly Address[]): SignedChange {
      const { epoch, validators } = chain.validators()
      if (signer === undefined || !validators.includes(signer.address)) {
        throw ledgerErrors.ledger_not_validator('This computer is none of the validators in force.')
      }
      const sorted = [...new Set(next)].sort()
      const signature = signer.sign(changeDigest(chain.genesis.chainId, epoch, sorted))
      return { epoch, validators: sorted, signature }
    },
    /** Sends the change that enough have signed, if there is one and it is this validator's turn. */
    async take(changes: readonly SignedChange[]): Promise<void> {
      if (isBusy) return
      isBusy = true
      try {
        await send(changes)
      } catch (error) {
        if (!stopping.signal.aborted) log.warn('ledger_validators_not_changed', { message: String(error) })
      } finally {
        isBusy = false
      }
    },
    stop: () => stopping.abort(),
  }
}
