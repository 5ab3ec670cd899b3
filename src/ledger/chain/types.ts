// What chain/ offers: to consensus (build, check, finalize), to rpc/ and the wallet (questions), to catching up (import,
// snapshots). There is one chain of final blocks on disk; blocks that are not final are in memory, by hash.

import type { TypedTransaction } from '@ethereumjs/tx'
import type { Receipt, SnapshotPart, StateReader, World } from '../evm/types.ts'
import type { Address, Block, Hash, ValidatorSet, Verdict } from '../types.ts'
import type { Manifest } from './snapshot-wire.ts'

/** What everyone in one ledger must agree on; its hash (of block 0, which binds all of it) names the ledger. */
export interface Genesis {
  readonly chainId: number
  readonly name: string
  /** Unix seconds. */
  readonly timestamp: number
  readonly validators: readonly Address[]
  /** Those who transact free within the quota from the start; later ones are let in by the system contract. */
  readonly members: readonly Address[]
  /** Wei at the start. */
  readonly balances: readonly { readonly address: Address; readonly wei: bigint }[]
  /** The community's coin, as wallets show it. */
  readonly coin: { readonly name: string; readonly symbol: string }
  readonly blockGasLimit: bigint
  /** What the proposer waits for at least between two blocks that carry something. */
  readonly blockTimeMs: number
  /** Gas that a member may use at no price in each window of time: so many times `blockTimeMs`, rounded up to seconds. */
  readonly quota: { readonly gas: bigint; readonly blocks: number }
  /** Wei per gas that everyone else pays at least; undefined: strangers are refused. */
  readonly strangerFee: bigint | undefined
  /** Contracts that are there from the start, besides the system contract (vectors use it). */
  readonly contracts?: readonly { address: Address; code: Uint8Array; slots: readonly (readonly [Hash, bigint])[] }[]
}

/** Every field of a header's RLP as it is; the optional ones came with later forks, in this order. */
export interface HeaderFields {
  readonly parentHash: Hash
  readonly unclesHash: Hash
  readonly coinbase: Address
  readonly stateRoot: Hash
  readonly transactionsRoot: Hash
  readonly receiptsRoot: Hash
  /** 256 bytes. */
  readonly logsBloom: Uint8Array
  readonly difficulty: bigint
  readonly number: bigint
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  readonly timestamp: bigint
  readonly extraData: Uint8Array
  /** `prevRandao` since the merge (EIP-4399). */
  readonly mixHash: Hash
  /** 8 bytes. */
  readonly nonce: Uint8Array
  readonly baseFeePerGas?: bigint
  readonly withdrawalsRoot?: Hash
  readonly blobGasUsed?: bigint
  readonly excessBlobGas?: bigint
  readonly parentBeaconBlockRoot?: Hash
  readonly requestsHash?: Hash
}

export interface Withdrawal {
  readonly index: bigint
  readonly validatorIndex: bigint
  readonly address: Address
  /** In units of 10^9 wei (EIP-4895). */
  readonly amount: bigint
}

/** A header as everyone sees it; `extraData` is decoded in `place`. */
export interface Header {
  readonly hash: Hash
  readonly parent: Hash
  readonly height: number
  readonly timestamp: number
  readonly coinbase: Address
  readonly stateRoot: Hash
  readonly transactionsRoot: Hash
  readonly receiptsRoot: Hash
  readonly logsBloom: Uint8Array
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  readonly baseFeePerGas: bigint | undefined
  readonly prevRandao: Hash
  readonly extraData: Uint8Array
  /** Undefined in chains that are not ours (vectors). */
  readonly place: { readonly epoch: number; readonly view: number; readonly nextSetHash: Hash | undefined } | undefined
  /** What else its RLP says (JSON-RPC shows all of it). */
  readonly fields: HeaderFields
  /** RLP; what its hash is the keccak-256 of. */
  readonly bytes: Uint8Array
}

export interface FullBlock {
  readonly header: Header
  readonly transactions: readonly TypedTransaction[]
  /** Hashes of them; only foreign chains before the merge have any. */
  readonly uncles: readonly Hash[]
  /** Empty in chains of ours; undefined before Shanghai. */
  readonly withdrawals: readonly Withdrawal[] | undefined
  /** RLP of the whole block. */
  readonly bytes: Uint8Array
  /** Addresses that sent them, in order. */
  readonly senders: readonly Address[]
}

/**
 * How a chain goes on that has lost more validators than it bears: people agreed, outside of it, on the last final block and on who
 * decides after it (docs/protocol/chain.md, "Recovery").
 */
export interface Recovery {
  readonly height: number
  readonly block: Hash
  /** The one that begins: one more than that of the set which decided after the block. */
  readonly epoch: number
  /** In ascending order. */
  readonly validators: readonly Address[]
  /** Those of the last set who signed it. */
  readonly signers: readonly Address[]
}

export interface EpochEnd {
  readonly header: Header
  readonly certificate: Uint8Array
  readonly next: ValidatorSet
}

export interface Placed {
  readonly transaction: TypedTransaction
  readonly sender: Address
  readonly block: Hash
  readonly height: number
  readonly index: number
}

export interface LogFilter {
  readonly fromHeight: number
  readonly toHeight: number
  readonly addresses: readonly Address[]
  /** A list a position; empty: anything. */
  readonly topics: readonly (readonly Hash[])[]
}

export interface FoundLog {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Uint8Array
  readonly block: Hash
  readonly height: number
  readonly timestamp: number
  readonly transaction: Hash
  readonly transactionIndex: number
  readonly logIndex: number
}

/** Transactions that wait. */
export interface Pool {
  /** Checks, keeps (what is `local` on disk, before it resolves) and tells others; throws a `PeerhoodError` whose code says what is wrong with it. */
  add(bytes: Uint8Array, options: { readonly local: boolean }): Promise<Hash>
  /**
   * After a start, once others can be told: what was sent from here and has no block yet waits again. False: of some it could not
   * be found out whether they may.
   */
  restore(): Promise<boolean>
  get(hash: Hash): { readonly transaction: TypedTransaction; readonly sender: Address } | undefined
  /** The next nonce of an account, with what waits here counted in. */
  nextNonce(address: Address): Promise<bigint>
  /** Runnable now, and those that a gap in nonces holds up; by sender, in nonce order. */
  content(): { readonly pending: PoolList; readonly queued: PoolList }
  /** True while something could be put into a block. */
  readonly hasWork: boolean
}
export type PoolList = ReadonlyMap<Address, readonly TypedTransaction[]>

export type ChainEvent =
  | { readonly kind: 'final'; readonly header: Header; readonly receipts: readonly Receipt[] }
  /** Something came into the pool; also what the node has to pass on when it is `local`. */
  | { readonly kind: 'pending'; readonly hash: Hash; readonly bytes: Uint8Array; readonly local: boolean }
  | { readonly kind: 'work'; readonly waiting: boolean }

/** Created by `openChain(options)(parts)`: compares state root and head on disk, repairs, and says what it did. */
export interface Chain {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly world: World
  readonly pool: Pool
  /** The last final block. */
  head(): Header
  /** The set that decides on the block after the head. */
  validators(): ValidatorSet

  // ---- for consensus

  /** A block on `parent` (final or known by hash) of what waits; empty when nothing does. It is kept by hash, as if checked. */
  build(parent: Hash, place: { readonly epoch: number; readonly view: number }, signal?: AbortSignal): Promise<Block>
  /** What the bytes say, without executing; undefined when they are no block of this chain's form. */
  decode(bytes: Uint8Array): Block | undefined
  /**
   * Executes it on its parent, which must be known, and keeps it by hash. Old blocks of an epoch that ends carry nothing.
   * `isFinal`: a quorum has signed for it, so it is not compared with this computer's clock.
   */
  check(block: Block, options?: { readonly isFinal?: boolean }): Promise<Verdict>
  /**
   * The block (known by hash) and its ancestors are final: block, receipts, state, quota and height go to disk in one batch a
   * block. `certificate` is kept with it, for newcomers.
   */
  finalize(block: Hash, certificate: Uint8Array): Promise<void>
  /** Block that is not final: may be handed to those who ask. */
  unfinal(hash: Hash): Block | undefined

  // ---- questions

  header(at: number | Hash): Header | undefined
  block(at: number | Hash): FullBlock | undefined
  receipts(block: Hash): readonly Receipt[] | undefined
  transaction(hash: Hash): Placed | undefined
  certificate(height: number): Uint8Array | undefined
  /**
   * How an epoch ended: the header of the block that changed the set, the certificate that makes it final, and who decides
   * from then on. Undefined while it lasts. What newcomers follow; never pruned.
   */
  epochEnd(epoch: number): EpochEnd | undefined
  state(at: number | Hash): StateReader | undefined
  /** At most `logsMax`; throws `logs_too_many` with the range that would do. */
  logs(filter: LogFilter): Promise<readonly FoundLog[]>
  /** The oldest height of which blocks, and of which states, are here. */
  readonly oldest: { readonly block: number; readonly state: number }

  on(listener: (event: ChainEvent) => void): () => void
  stop(): Promise<void>
}

/** What `openChain` gives: a chain, and what handing on its state and taking in another's needs (snapshot.ts). */
export interface SnapshotChain extends Chain {
  /** A part of the state after a final block; the first, or what comes after another's `next`. */
  statePart(block: Hash, after: Uint8Array | undefined, bytesMax: number): SnapshotPart
  /**
   * Begins to take in a snapshot whose block is final by a certificate that was checked, as all ends of epochs before it were. From
   * then on there is no state until `finish`; a chain that is opened in between begins at block 0. Throws `snapshot_refused`.
   */
  install(manifest: Manifest, ends: readonly EpochEnd[]): Promise<SnapshotInstall>
}

export interface SnapshotInstall {
  /** Throws `snapshot_refused`, `snapshot_wrong`. */
  add(part: Uint8Array): Promise<void>
  /** Compares with the state root; then the snapshot's block is the head. */
  finish(): Promise<void>
  /** Gives up: the chain begins again at block 0. */
  abort(): Promise<void>
}
