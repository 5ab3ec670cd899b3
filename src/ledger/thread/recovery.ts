// A recovery ceremony (docs/recovery.md) as the thread of a ledger has part in it: it states, signs and examines files; whether one
// counts, the person says (recovering.ts), and the ledger is opened anew with it.

import { recoverAddress } from '../evm/crypto.ts'
import type { Address } from '../types.ts'
import { validatorErrors } from '../validator/errors.ts'
import { examineRecovery, type RecoveryView, signRecovery, stateRecovery } from '../validator/recovery.ts'
import { decodeRecovery, encodeRecovery, type Recovery } from '../validator/recovery-wire.ts'
import type { ExaminedRecovery, LedgerSeed } from './messages.ts'
import { validatorSigner } from './signer.ts'

/** Those that the person confirmed. */
export function recoveriesOf({ recoveries = [] }: LedgerSeed): readonly Recovery[] {
  return recoveries.map(decodeRecovery)
}

export function examine(chain: RecoveryView, file: Uint8Array): ExaminedRecovery {
  const recovery = decodeRecovery(file)
  return { statement: recovery.statement, ...examineRecovery(recovery, chain, recoverAddress) }
}

export interface WholeView extends RecoveryView {
  certificate(height: number): Uint8Array | undefined
}

/** The file, without signatures. */
export function state(chain: WholeView, validators: readonly Address[]): Uint8Array {
  requireCertified(chain)
  return encodeRecovery({ statement: stateRecovery(chain, validators), signatures: [] })
}

/** The file, with ours. */
export function sign(chain: WholeView, file: Uint8Array, secret: Uint8Array | undefined): Uint8Array {
  requireCertified(chain)
  if (secret === undefined) throw validatorErrors.ledger_recovery_wrong('This computer has no key that votes.')
  return encodeRecovery(signRecovery(decodeRecovery(file), chain, validatorSigner(secret), recoverAddress))
}

/** Who comes later can follow only what a quorum signed for; after a crash in the middle of several blocks it may lie with others. */
function requireCertified(chain: WholeView): void {
  const { height } = chain.head()
  if (height === 0 || (chain.certificate(height)?.length ?? 0) > 0) return
  throw validatorErrors.ledger_recovery_wrong(
    'What makes the last block here final is on other computers only: let one of them begin.',
  )
}
