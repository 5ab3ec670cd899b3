// What the API needs of recovery ceremonies, in the API's own words; `node/` implements it, as in services.ts.

import type { LedgerRecovery, LedgerRecoveryFile } from './ledger-recovery-schemas.ts'

interface Options {
  readonly signal: AbortSignal
}
/** What a program with the API token alone may not do. */
interface Caller {
  readonly isPerson: boolean
  readonly passphrase?: string | undefined
}

export interface LedgerRecoveryServices {
  get(community: string, options: Options): Promise<LedgerRecovery>
  state(community: string, validators: readonly string[], options: Options): Promise<LedgerRecoveryFile>
  sign(community: string, file: string, caller: Caller, options: Options): Promise<LedgerRecoveryFile>
  check(community: string, file: string, options: Options): Promise<LedgerRecoveryFile>
  confirm(
    community: string,
    request: { readonly file: string; readonly fingerprint: string },
    caller: Caller,
    options: Options,
  ): Promise<LedgerRecovery>
  forget(community: string, epoch: number, caller: Caller, options: Options): Promise<LedgerRecovery>
}
