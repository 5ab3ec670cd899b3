// What the SDK offers of the wallet and the explorer.

import type {
  Allowance,
  AllowanceRequest,
  ChainDescription,
  ConfirmRequest,
  ExplorerAccount,
  ExplorerAccountTransactions,
  ExplorerBlock,
  ExplorerBlocks,
  ExplorerFound,
  ExplorerSource,
  ExplorerTransaction,
  Movements,
  OutsideChain,
  Proposal,
  Receive,
  VerifyRequest,
  Wallet,
  WalletAccount,
  WalletBalance,
  WalletContact,
  WalletRequest,
} from '../api/wallet-schemas.ts'
import type { CallOptions } from './types.ts'

export type {
  Allowance,
  Asset,
  ChainDescription,
  ExplorerAccount,
  ExplorerAccountTransactions,
  ExplorerBlock,
  ExplorerBlockLine,
  ExplorerBlocks,
  ExplorerEvent,
  ExplorerFound,
  ExplorerSource,
  ExplorerTransaction,
  ExplorerTransactionLine,
  Movement,
  Movements,
  OutsideChain,
  Proposal,
  Receive,
  Wallet,
  WalletAccount,
  WalletBalance,
  WalletContact,
  WalletRequest,
} from '../api/wallet-schemas.ts'

interface OfAccount extends CallOptions {
  /** Number of the account; default: the first. */
  readonly account?: number | undefined
}

/** `id` is the community's. Whatever spends is proposed first, then confirmed by the person (`confirmKey` of the client). */
export interface WalletCalls {
  get(id: string, options?: OfAccount): Promise<Wallet>
  /** Null: neither founded nor chosen, or being opened. */
  chain(id: string, options?: CallOptions): Promise<{ readonly chain: ChainDescription | null }>
  /** On this computer: an outside chain, by an address of one's own; `own`: the chain that the community runs itself; null: what it says. */
  chooseChain(
    id: string,
    outside: OutsideChain | 'own' | null,
    options?: CallOptions,
  ): Promise<{ readonly chain: ChainDescription | null }>
  addAccount(
    id: string,
    request: { name: string; passphrase?: string | undefined },
    options?: CallOptions,
  ): Promise<WalletAccount>
  nameAccount(id: string, account: number, name: string, options?: CallOptions): Promise<WalletAccount>
  receive(
    id: string,
    options?: OfAccount & { readonly amount?: string | undefined; readonly token?: string | undefined },
  ): Promise<Receive>
  requests(id: string, options?: CallOptions): Promise<readonly WalletRequest[]>
  request(id: string, request: string, options?: CallOptions): Promise<WalletRequest>
  propose(id: string, proposal: Proposal, options?: CallOptions): Promise<WalletRequest>
  confirm(id: string, request: string, confirmation?: ConfirmRequest, options?: CallOptions): Promise<WalletRequest>
  refuse(id: string, request: string, options?: CallOptions): Promise<WalletRequest>
  allowances(id: string, options?: CallOptions): Promise<readonly Allowance[]>
  allow(id: string, request: AllowanceRequest, options?: CallOptions): Promise<readonly Allowance[]>
  history(
    id: string,
    options?: OfAccount & { readonly before?: string | undefined; readonly limit?: number | undefined },
  ): Promise<Movements>
  contacts(id: string, options?: CallOptions): Promise<readonly WalletContact[]>
  /** An empty name takes the entry away. */
  setContact(id: string, address: string, name: string, options?: CallOptions): Promise<readonly WalletContact[]>
  setToken(id: string, contract: string, known: boolean, options?: CallOptions): Promise<readonly WalletBalance[]>
}

export interface ExplorerCalls {
  blocks(
    id: string,
    options?: CallOptions & { readonly before?: number | undefined; readonly limit?: number | undefined },
  ): Promise<ExplorerBlocks>
  /** By number or hash. */
  block(id: string, at: string, options?: CallOptions): Promise<ExplorerBlock>
  transaction(id: string, hash: string, options?: CallOptions): Promise<ExplorerTransaction>
  /** Any that the chain knows. */
  account(id: string, address: string, options?: CallOptions): Promise<ExplorerAccount>
  accountTransactions(
    id: string,
    address: string,
    options?: CallOptions & { readonly before?: number | undefined; readonly limit?: number | undefined },
  ): Promise<ExplorerAccountTransactions>
  /** Rejects with `source_unknown` where none was checked here. */
  source(id: string, address: string, options?: CallOptions): Promise<ExplorerSource>
  /** Compiles a source and keeps it if it is what stands at the address; takes up to minutes. */
  verify(id: string, address: string, request: VerifyRequest, options?: CallOptions): Promise<ExplorerSource>
  forgetSource(id: string, address: string, options?: CallOptions): Promise<void>
  /** An ABI as JSON that nobody checks: what it names is marked so. Null takes it away. */
  setAbi(id: string, address: string, abi: string | null, options?: CallOptions): Promise<ExplorerAccount>
  search(id: string, text: string, options?: CallOptions): Promise<ExplorerFound>
}
