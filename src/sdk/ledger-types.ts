// The SDK's words for ledgers; see docs/sdk.md.

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
  LedgerOfferRequest,
  LedgerPageQuery,
  LedgerProofRequest,
  LedgerProven,
  LedgerSettingsPatch,
  LedgerTransaction,
  LedgerTransactions,
} from '../api/ledger-schemas.ts'
import type { LedgerRecoveryCalls } from './ledger-recovery-types.ts'
import type { CallOptions } from './types.ts'

export type {
  Ledger,
  LedgerAccount,
  LedgerAccounts,
  LedgerBlock,
  LedgerBlockDetails,
  LedgerBlocks,
  LedgerChain,
  LedgerCheckpoint,
  LedgerChoice,
  LedgerChooseRequest,
  LedgerExportLine,
  LedgerFounded,
  LedgerFoundRequest,
  LedgerMember,
  LedgerMembers,
  LedgerMembership,
  LedgerOfferRequest,
  LedgerPageQuery,
  LedgerProofRequest,
  LedgerProven,
  LedgerSettings,
  LedgerSettingsPatch,
  LedgerTransaction,
  LedgerTransactions,
  LedgerValidator,
} from '../api/ledger-schemas.ts'

/**
 * The chain that a community runs itself; an event `ledger` says that there is a new final block, or that something of how it
 * stands has changed. Amounts are decimal strings of wei. Ethereum's own JSON-RPC is at `Ledger.rpc`, without a token.
 */
export interface LedgerCalls {
  /** Where more validators are gone for good than may be: docs/recovery.md. */
  readonly recovery: LedgerRecoveryCalls
  /** How it stands; `founded` is null where the community has none. */
  get(community: string, options?: CallOptions): Promise<Ledger>
  /** Founds it with the computers that offered to validate. */
  found(community: string, request?: LedgerFoundRequest, options?: CallOptions): Promise<Ledger>
  /** How this computer takes part. */
  change(community: string, patch: LedgerSettingsPatch, options?: CallOptions): Promise<Ledger>
  /** Says whether this computer would validate. */
  offer(community: string, request: LedgerOfferRequest, options?: CallOptions): Promise<Ledger>
  /** Says, as a validator in force, who is to follow, by peer id or address; it happens once a quorum says the same. */
  agree(community: string, validators: readonly string[], options?: CallOptions): Promise<Ledger>
  /** Who transacts free by the chain, who is let in next, and who is taken out. */
  members(
    community: string,
    query?: { readonly offset?: number; readonly limit?: number },
    options?: CallOptions,
  ): Promise<LedgerMembers>
  /** Says which chain the community uses, null for its own; each person's wallet follows once that person agrees (`wallet.chooseChain`). */
  choose(community: string, chain: LedgerChooseRequest['chain'], options?: CallOptions): Promise<Ledger>
  /** Tells the community this person's account. */
  announceAccount(community: string, request?: { readonly passphrase?: string }, options?: CallOptions): Promise<Ledger>
  blocks(community: string, query?: LedgerPageQuery, options?: CallOptions): Promise<LedgerBlocks>
  /** By height or hash. */
  block(community: string, block: number | string, options?: CallOptions): Promise<LedgerBlockDetails>
  transactions(community: string, query?: LedgerPageQuery, options?: CallOptions): Promise<LedgerTransactions>
  transaction(community: string, hash: string, options?: CallOptions): Promise<LedgerTransaction>
  /** Sends what was signed elsewhere; resolves with its hash once it waits for a block. */
  submit(community: string, raw: string, options?: CallOptions): Promise<string>
  /** Of members and validators. */
  accounts(
    community: string,
    query?: { readonly offset?: number; readonly limit?: number },
    options?: CallOptions,
  ): Promise<LedgerAccounts>
  account(community: string, address: string, options?: CallOptions): Promise<LedgerAccount>
  /** A file by which anyone can check a balance or a transaction offline. */
  prove(community: string, request: LedgerProofRequest, options?: CallOptions): Promise<string>
  /** What such a file says; rejects with `ledger_proof_wrong` when it is not good. */
  check(file: string, options?: CallOptions): Promise<LedgerProven>
  /** All final blocks that are here; an iteration that ends without an error has seen all of them. */
  export(community: string, options?: CallOptions): AsyncIterable<LedgerExportLine>
}
