// The SDK's words for recovery ceremonies of ledgers; see docs/recovery.md.

import type { LedgerRecovery, LedgerRecoveryFile } from '../api/ledger-recovery-schemas.ts'
import type { CallOptions } from './types.ts'

export type { LedgerRecovery, LedgerRecoveryFile, LedgerRecoveryPerson } from '../api/ledger-recovery-schemas.ts'

/** Files are bytes as `0x…`. Signing, confirming and taking back take the confirm key, and the passphrase where one is set. */
export interface LedgerRecoveryCalls {
  /** Who is left, and what was confirmed on this computer. */
  get(community: string, options?: CallOptions): Promise<LedgerRecovery>
  /** A file that says: after the last final block here, these are to decide. By peer id or address. */
  state(community: string, validators: readonly string[], options?: CallOptions): Promise<LedgerRecoveryFile>
  sign(community: string, request: LedgerRecoverySignRequest, options?: CallOptions): Promise<LedgerRecoveryFile>
  check(community: string, file: string, options?: CallOptions): Promise<LedgerRecoveryFile>
  /** For good, once everyone has read the same fingerprint aloud. */
  confirm(community: string, request: LedgerRecoveryConfirmRequest, options?: CallOptions): Promise<LedgerRecovery>
  /** Takes a confirmation back that the chain has not gone on by. */
  forget(community: string, request: LedgerRecoveryForgetRequest, options?: CallOptions): Promise<LedgerRecovery>
}

export interface LedgerRecoverySignRequest {
  readonly file: string
  readonly passphrase?: string
}

export interface LedgerRecoveryConfirmRequest extends LedgerRecoverySignRequest {
  /** As the others read it. */
  readonly fingerprint: string
}

export interface LedgerRecoveryForgetRequest {
  readonly epoch: number
  readonly passphrase?: string
}
