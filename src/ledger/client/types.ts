// What apps and the wallet see of a chain, whichever it is: the community's own, run by its validators, or one outside,
// reached by an RPC address. They ask in Ethereum JSON-RPC, through viem, and can say plainly whom they believe.

import type { PublicClient } from 'viem'
import type { Hash } from '../types.ts'

/** An outside chain that a community chose; what its settings hold (`settings-core.ts` reads it). */
export interface OutsideChain {
  readonly chainId: number
  /** `https://…`; `http://` to this computer only. What follows the host is often a key: it is never shown. */
  readonly rpc: string
  /** As people call it: `Gnosis`. */
  readonly name: string
  readonly coin: Coin
}

export interface Coin {
  readonly name: string
  readonly symbol: string
}

/** What the community's own chain says of itself. */
export interface OwnChain {
  readonly chainId: number
  readonly name: string
  readonly coin: Coin
  readonly genesisHash: Hash
  /** In the coin's smallest unit per gas, for who is no member; undefined: strangers are refused. */
  readonly strangerFee: bigint | undefined
  /** Those who decide now. */
  readonly validators: () => number
  /** False while it catches up. */
  readonly verifies: () => boolean
  /** Light mode: no blocks here, everything is proven by others. Absent: no. */
  readonly isLight?: () => boolean
}

/**
 * Hands one JSON-RPC body to a node and gives its answer back as text: to `Rpc.handle` in the ledger's thread, or over HTTP.
 * Rejects when there is no answer.
 */
export type Exchange = (body: string, options: { readonly signal: AbortSignal }) => Promise<string>

export interface Description {
  readonly kind: 'own' | 'outside'
  readonly chainId: number
  readonly name: string
  readonly coin: Coin
  /** `trusted`: fewer than four validators, so that none of them may be wrong. */
  readonly trust: 'validators' | 'trusted' | 'operator'
  /** Undefined for an outside chain. */
  readonly validators: number | undefined
  /** Who is asked, without what may be a key: `https://rpc.example`. */
  readonly address: string | undefined
  /** What it is, and what that means for who relies on it. */
  readonly sentence: string
  readonly warnings: readonly string[]
}

export interface RequestOptions {
  readonly signal?: AbortSignal
}

/** Created by `openOwnLedger` and `openOutsideLedger`. Every method rejects with a `PeerhoodError` only; `viem` throws its own. */
export interface LedgerClient {
  readonly chainId: number
  readonly kind: 'own' | 'outside'
  describe(): Description
  /** Any method of Ethereum JSON-RPC; a refusal of the node is `ledger_refused`, with `details.rpcCode` and `details.data`. */
  request(method: string, params: readonly unknown[], options?: RequestOptions): Promise<unknown>
  /** The same chain for viem's actions (contracts, logs, blocks). */
  readonly viem: PublicClient
  /** What is under way ends with `ledger_closed`. */
  close(): void
}
