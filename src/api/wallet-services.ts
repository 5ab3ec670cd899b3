// What the API needs of the wallet, in the API's own words; `node/` implements it, as in services.ts.

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
} from './wallet-schemas.ts'

/** Whether the caller has shown the confirm key. */
interface Caller {
  readonly isPerson: boolean
}

export interface WalletServices {
  view(community: string, account: number | undefined, caller: Caller): Promise<Wallet>
  chain(community: string): Promise<ChainDescription | null>
  chooseChain(community: string, outside: OutsideChain | 'own' | null, caller: Caller): Promise<ChainDescription | null>
  addAccount(community: string, name: string, passphrase: string | undefined): Promise<WalletAccount>
  nameAccount(community: string, index: number, name: string): Promise<WalletAccount>
  receive(
    community: string,
    options: { account?: number | undefined; amount?: string | undefined; token?: string | undefined },
  ): Promise<Receive>
  requests(community: string): Promise<readonly WalletRequest[]>
  request(community: string, id: string): Promise<WalletRequest>
  propose(community: string, proposal: Proposal, caller: Caller): Promise<WalletRequest>
  confirm(community: string, id: string, options: ConfirmRequest, caller: Caller): Promise<WalletRequest>
  refuse(community: string, id: string): Promise<WalletRequest>
  allowances(community: string): Promise<readonly Allowance[]>
  allow(community: string, request: AllowanceRequest, caller: Caller): Promise<readonly Allowance[]>
  history(
    community: string,
    options: { account?: number | undefined; before?: string | undefined; limit: number },
  ): Promise<Movements>
  contacts(community: string): Promise<readonly WalletContact[]>
  setContact(community: string, address: string, name: string): Promise<readonly WalletContact[]>
  setToken(community: string, contract: string, known: boolean): Promise<readonly WalletBalance[]>

  blocks(community: string, page: { before?: number | undefined; limit: number }): Promise<ExplorerBlocks>
  block(community: string, at: string): Promise<ExplorerBlock>
  transaction(community: string, hash: string): Promise<ExplorerTransaction>
  account(community: string, address: string): Promise<ExplorerAccount>
  accountTransactions(
    community: string,
    address: string,
    page: { before?: number | undefined; limit: number },
  ): Promise<ExplorerAccountTransactions>
  search(community: string, text: string): Promise<ExplorerFound>
  verify(community: string, address: string, request: VerifyRequest, caller: Caller): Promise<ExplorerSource>
  source(community: string, address: string): Promise<ExplorerSource>
  forgetSource(community: string, address: string, caller: Caller): Promise<void>
  setAbi(community: string, address: string, abi: string | null, caller: Caller): Promise<ExplorerAccount>
}
