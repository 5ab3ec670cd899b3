// What the wallet offers to API, CLI and page: accounts, balances, what may be spent and how that is confirmed, history,
// tokens, names, and the explorer's reading of blocks. Amounts are decimal strings of the smallest unit, so that views go
// through JSON as they are; addresses carry EIP-55 capitals.
//
//   propose ─► request (decoded, simulated, warned about) ─► confirm by the person ─► signed, sent ─► history
//                         └─ within the allowance of a program ───────────────────────┘
//
// What must stay true: what is signed is exactly what the request showed; nothing is signed without a confirmation, save for
// a plain payment within an allowance that the person confirmed; a nonce is used once; no secret is in a view, log or error.

import type { Description, LedgerClient } from '../client/types.ts'

export interface AccountView {
  /** The last step of `m/44'/60'/0'/0/i`. */
  readonly index: number
  readonly address: string
  readonly path: string
  readonly name: string
}

export interface AssetView {
  readonly kind: 'coin' | 'erc20' | 'erc721' | 'erc1155'
  /** Of the contract; null for the coin. */
  readonly contract: string | null
  readonly name: string
  readonly symbol: string
  readonly decimals: number
}

export interface BalanceView {
  readonly asset: AssetView
  /** In the smallest unit. */
  readonly amount: string
  /** For people: `12.5 BREAD`. */
  readonly text: string
  /** Of ERC-721 and ERC-1155: what is held; bounded. */
  readonly ids: readonly { readonly id: string; readonly amount: string }[]
  /** Hidden by the person, or not known: anybody may send a token whose name lies. */
  readonly known: boolean
}

export interface WarningView {
  readonly code: string
  readonly sentence: string
  /** `stop`: the person must say that they have read it. */
  readonly weight: 'note' | 'warn' | 'stop'
}

/** A line of what one signs, in words and as it is. */
export interface LineView {
  readonly label: string
  readonly value: string
  /** How deep in a structure. */
  readonly depth: number
}

export interface ChangeView {
  readonly kind: 'out' | 'in' | 'approval' | 'approval-all'
  readonly asset: AssetView
  readonly amount: string
  readonly id: string | null
  /** The other side: receiver, sender, or who may spend from now on. */
  readonly other: string
  readonly sentence: string
}

/** Whose word `changes` are: the chain ran it, or it was read off the call alone. */
export type Simulated = 'run' | 'read' | 'reverts' | 'failed' | 'none'

export interface Fee {
  readonly gas: string
  /** At most so much a unit of gas, in the coin's smallest unit. */
  readonly maxFeePerGas: string
  readonly maxPriorityFeePerGas: string
  /** The most that it may cost. */
  readonly most: string
  readonly text: string
}

export type RequestState = 'waiting' | 'sending' | 'sent' | 'signed' | 'refused' | 'expired' | 'failed'

export interface RequestView {
  readonly id: string
  readonly kind: 'transaction' | 'message' | 'typed'
  readonly state: RequestState
  readonly account: string
  /** What it does, in a sentence. */
  readonly sentence: string
  readonly lines: readonly LineView[]
  readonly changes: readonly ChangeView[]
  readonly simulated: Simulated
  readonly warnings: readonly WarningView[]
  readonly fee: Fee | null
  /** `0x…` as it goes to the chain or is signed. */
  readonly raw: string
  /** `program`: came with an API token alone. */
  readonly by: 'person' | 'program'
  /** What confirming takes. */
  readonly needs: 'session' | 'passphrase'
  readonly createdMs: number
  readonly expiresMs: number
  readonly transaction: string | null
  readonly signature: string | null
  readonly failure: { readonly code: string; readonly sentence: string; readonly hint: string } | null
}

export type Proposal =
  | {
      readonly kind: 'send'
      readonly account?: number | undefined
      /** An address, or `ethereum:…` (EIP-681), or the name of an entry of the address book. */
      readonly to: string
      /** As people write it: `1.5`. */
      readonly amount: string
      /** A token's contract; absent: the coin. */
      readonly token?: string | undefined
      /** Of ERC-721 and ERC-1155. */
      readonly id?: string | undefined
    }
  | {
      readonly kind: 'call'
      readonly account?: number | undefined
      /** Absent: a contract is created. */
      readonly to?: string | undefined
      readonly data: string
      /** Smallest unit, decimal. */
      readonly value?: string | undefined
      readonly chainId?: number | undefined
    }
  | { readonly kind: 'message'; readonly account?: number | undefined; readonly message: string }
  | { readonly kind: 'typed'; readonly account?: number | undefined; readonly typed: unknown }

/** How a caller stands to the person, as the API's gate saw it. */
export interface Caller {
  /** Has shown the home's confirm key: the page opened by the person, or the CLI; an API token alone has not. */
  readonly isPerson: boolean
}

export interface AllowanceView {
  readonly asset: AssetView
  /** Smallest unit, in any 24 hours. */
  readonly amount: string
  readonly spent: string
  readonly text: string
  /** False after a restart while a passphrase protects the keys: it rests until the person confirms something. */
  readonly active: boolean
}

export interface MovementView {
  readonly id: string
  readonly direction: 'in' | 'out' | 'self' | 'none'
  readonly asset: AssetView
  readonly amount: string
  readonly tokenId: string | null
  readonly text: string
  readonly from: string
  readonly to: string | null
  readonly transaction: string
  readonly state: 'waiting' | 'done' | 'failed'
  readonly height: number | null
  readonly timeMs: number
  readonly sentence: string
}

export interface ContactView {
  readonly address: string
  readonly name: string
  /** Announced by a member in the community's log, written by this person, or one's own. */
  readonly source: 'member' | 'own' | 'self'
  /** did:key of the member. */
  readonly person: string | null
}

export interface WalletView {
  readonly chain: Description
  readonly accounts: readonly AccountView[]
  readonly balances: readonly BalanceView[]
  /** Requests that wait for the person. */
  readonly waiting: number
  readonly passphrase: boolean
}

/** What the community tells the wallet: accounts that members announced (`ledger/account` entries). */
export interface AnnouncedAccount {
  readonly address: string
  readonly person: string
  readonly name: string
}

/** One wallet a community's ledger. Created by `openWallet(options)(parts)`. */
export interface Wallet {
  readonly client: LedgerClient
  view(account?: number): Promise<WalletView>
  accounts(): readonly AccountView[]
  /** The next one of the phrase. Throws `passphrase_needed`, `passphrase_wrong`, `wallet_accounts_full`. */
  addAccount(name: string, passphrase?: string): Promise<AccountView>
  nameAccount(index: number, name: string): AccountView
  /** `ethereum:…` for a QR code. Amount as people write it. */
  receive(options: {
    account?: number | undefined
    amount?: string | undefined
    token?: string | undefined
  }): Promise<{ address: string; uri: string }>

  propose(proposal: Proposal, caller: Caller): Promise<RequestView>
  requests(): readonly RequestView[]
  request(id: string): RequestView
  /** Throws `wallet_not_confirmed`, `passphrase_needed`, `passphrase_wrong`, `wallet_request_gone`. */
  confirm(
    id: string,
    caller: Caller,
    options: { passphrase?: string | undefined; accept?: boolean | undefined },
  ): Promise<RequestView>
  refuse(id: string): RequestView

  allowances(): readonly AllowanceView[]
  /** `amount` '0' takes it away, which needs no confirmation. */
  allow(
    options: { token?: string | undefined; amount: string; passphrase?: string | undefined },
    caller: Caller,
  ): Promise<readonly AllowanceView[]>

  history(options: { account?: number | undefined; before?: string | undefined; limit?: number | undefined }): Promise<{
    movements: readonly MovementView[]
    before: string | null
    /** Since when, and what is not seen. */
    sentence: string
  }>
  contacts(): readonly ContactView[]
  setContact(address: string, name: string): readonly ContactView[]
  /** Marks a token as known or hides it. */
  setToken(contract: string, known: boolean): Promise<readonly BalanceView[]>

  /** Resolves when the history that is being read has been. */
  settled(): Promise<void>
  stop(): void
}
