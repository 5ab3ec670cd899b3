// What the explorer offers to API, CLI and page. Reads only, but for sources and ABIs that a person gives (sources.ts).

import type { ContractAbi } from './abis.ts'
import type { EventView } from './events-core.ts'
import type { Sources, SourceView } from './sources.ts'
import type { AssetView, LineView } from './types.ts'

export interface BlockLine {
  readonly height: number
  readonly hash: string
  readonly timeMs: number
  readonly transactions: number
  readonly gasUsed: string
  readonly gasLimit: string
  /** Who proposed it, and how that one is called here. */
  readonly proposer: string
  readonly proposerName: string | null
  readonly bytes: number | null
}

export interface TransactionLine {
  readonly hash: string
  readonly state: 'waiting' | 'done' | 'failed'
  readonly from: string
  readonly fromName: string | null
  readonly to: string | null
  readonly toName: string | null
  /** What it did, or tried to do, or is about to do. */
  readonly sentence: string
  readonly value: string
}

export interface BlockView extends BlockLine {
  readonly parent: string
  readonly stateRoot: string
  readonly list: readonly TransactionLine[]
}

export interface TransactionView extends TransactionLine {
  readonly height: number | null
  readonly timeMs: number | null
  readonly nonce: number
  readonly type: number
  /** Whose word the name of the function is; null: it calls none, or one that is not known. */
  readonly trust: ContractAbi['trust'] | null
  readonly lines: readonly LineView[]
  /** What moved, by the events of the contracts. */
  readonly moved: readonly string[]
  /** The first of them. */
  readonly events: readonly EventView[]
  readonly fee: string | null
  readonly gasUsed: string | null
  readonly gasLimit: string
  readonly created: string | null
  readonly input: string
  readonly logs: number
  /** Why it failed, tried again on the state after it. */
  readonly reason: string | null
}

export interface AccountPage {
  readonly address: string
  readonly name: string | null
  readonly isOwn: boolean
  readonly balance: string
  readonly text: string
  readonly nonce: number
  readonly codeBytes: number
  readonly token: AssetView | null
  readonly source: SourceView | null
  /** A person added an ABI that nobody checked; it is not used where a source was checked. */
  readonly hasAddedAbi: boolean
}

export interface AccountTransaction extends TransactionLine {
  readonly height: number
  readonly timeMs: number
}

export interface AccountTransactions {
  /** Newest first. */
  readonly transactions: readonly AccountTransaction[]
  /** More of one block than are shown. */
  readonly hidden: number
  /** For the next page; null: all blocks were looked through. */
  readonly before: number | null
  /** Which blocks were looked through. */
  readonly sentence: string
}

export type Found =
  | { readonly kind: 'block'; readonly height: number }
  | { readonly kind: 'transaction'; readonly hash: string }
  | { readonly kind: 'account'; readonly address: string }

export interface Page {
  readonly before?: number | undefined
  readonly limit?: number | undefined
}

export interface Explorer extends Sources {
  blocks(page: Page): Promise<{ blocks: readonly BlockLine[]; before: number | null }>
  /** By height or hash. Throws `explorer_not_found`. */
  block(at: string): Promise<BlockView>
  transaction(hash: string): Promise<TransactionView>
  /** Any that the chain knows. */
  account(address: string): Promise<AccountPage>
  /** Of any account or contract, block by block backwards; a page ends after so many blocks, also where it has nothing. */
  transactionsOf(address: string, page: Page): Promise<AccountTransactions>
  /** A height, a hash, an address, or a name of the address book, or of a checked source. */
  search(text: string): Promise<Found>
}
