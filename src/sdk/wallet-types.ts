// What the SDK offers of the wallet and the explorer.

import type {
  Allowance,
  AllowanceRequest,
  ChainDescription,
  ConfirmRequest,
  ExplorerAccount,
  ExplorerBlock,
  ExplorerBlocks,
  ExplorerFound,
  ExplorerTransaction,
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
import type { CallOptions } from './types.ts'

export type {
  Allowance,
  Asset,
  ChainDescription,
  ExplorerAccount,
  ExplorerBlock,
  ExplorerBlockLine,
  ExplorerBlocks,
  ExplorerFound,
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
  /** Null: the community's own chain again. */
  chooseChain(
    id: string,
    outside: OutsideChain | null,
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
  account(id: string, address: string, options?: CallOptions): Promise<ExplorerAccount>
  search(id: string, text: string, options?: CallOptions): Promise<ExplorerFound>
}
