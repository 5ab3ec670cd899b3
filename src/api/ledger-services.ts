// What the API needs of ledgers, in the API's own words; `node/` implements it, as in services.ts.

import type {
  Ledger,
  LedgerAccount,
  LedgerAccounts,
  LedgerBlockDetails,
  LedgerBlocks,
  LedgerChooseRequest,
  LedgerExportLine,
  LedgerFoundRequest,
  LedgerMembers,
  LedgerProofRequest,
  LedgerProven,
  LedgerSettingsPatch,
  LedgerTransaction,
  LedgerTransactions,
} from './ledger-schemas.ts'

interface Options {
  readonly signal: AbortSignal
}
interface Page {
  readonly before?: number | undefined
  readonly limit: number
}

export interface LedgerServices {
  get(community: string, options: Options): Promise<Ledger>
  found(community: string, request: LedgerFoundRequest, options: Options): Promise<Ledger>
  change(community: string, patch: LedgerSettingsPatch, options: Options): Promise<Ledger>
  offer(
    community: string,
    offer: { readonly validate: boolean; readonly passphrase?: string | undefined },
    options: Options,
  ): Promise<Ledger>
  agree(community: string, validators: readonly string[], options: Options): Promise<Ledger>
  members(
    community: string,
    page: { readonly offset: number; readonly limit: number },
    options: Options,
  ): Promise<LedgerMembers>
  choose(community: string, chain: LedgerChooseRequest['chain'], options: Options): Promise<Ledger>
  announceAccount(community: string, passphrase: string | undefined, options: Options): Promise<Ledger>
  blocks(community: string, page: Page, options: Options): Promise<LedgerBlocks>
  block(community: string, at: string, options: Options): Promise<LedgerBlockDetails>
  transactions(community: string, page: Page, options: Options): Promise<LedgerTransactions>
  transaction(community: string, hash: string, options: Options): Promise<LedgerTransaction>
  submit(community: string, raw: string, options: Options): Promise<string>
  accounts(
    community: string,
    page: { readonly offset: number; readonly limit: number },
    options: Options,
  ): Promise<LedgerAccounts>
  account(community: string, address: string, options: Options): Promise<LedgerAccount>
  prove(community: string, request: LedgerProofRequest, options: Options): Promise<string>
  check(file: string): Promise<LedgerProven>
  export(community: string, options: Options): AsyncIterable<LedgerExportLine>
}
