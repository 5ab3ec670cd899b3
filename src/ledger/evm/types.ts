// What evm/ offers to chain/ and rpc/: states after blocks, execution on top of one, and questions about one.
//
// The state after the last final block lies on disk, flat (accounts, slots, code) and as a trie for roots and proofs. Blocks that
// are not final yet are layers in memory over it, by block hash; one of them becomes the base when its block is final.

import type { TypedTransaction } from '@ethereumjs/tx'
import type { Database } from '../../base/database.ts'
import type { Address, Hash } from '../types.ts'

export interface Account {
  readonly nonce: bigint
  /** Wei. */
  readonly balance: bigint
  readonly codeHash: Hash
}

/** As `eth_getProof` (EIP-1186) gives it. */
export interface AccountProof {
  readonly address: Address
  readonly balance: bigint
  readonly nonce: bigint
  readonly codeHash: Hash
  readonly storageHash: Hash
  readonly accountProof: readonly Uint8Array[]
  readonly storageProof: readonly {
    readonly key: Hash
    readonly value: bigint
    readonly proof: readonly Uint8Array[]
  }[]
}

/** The state after one block. Throws `state_pruned` when it went between two questions. */
export interface StateReader {
  readonly root: Hash
  account(address: Address): Promise<Account | undefined>
  code(address: Address): Promise<Uint8Array>
  slot(address: Address, key: Hash): Promise<bigint>
  proof(address: Address, keys: readonly Hash[]): Promise<AccountProof>
}

/** What the EVM has to know of the block that it runs in. */
export interface BlockEnvironment {
  readonly height: number
  readonly parent: Hash
  /** Seconds since 1970. */
  readonly timestamp: bigint
  readonly gasLimit: bigint
  readonly baseFeePerGas: bigint
  readonly coinbase: Address
  readonly prevRandao: Hash
  readonly excessBlobGas: bigint | undefined
  readonly parentBeaconBlockRoot: Hash | undefined
  readonly withdrawals:
    | readonly { index: bigint; validatorIndex: bigint; address: Address; amount: bigint }[]
    | undefined
  /** Storage that is other from this block on, before anything runs: a recovery (chain/recovery.ts). */
  readonly systemWrites?: readonly (readonly [address: Address, key: Hash, value: bigint])[]
  /** BLOCKHASH: of the 256 blocks before. */
  blockHash(height: number): Promise<Hash | undefined>
}

export interface LogEntry {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Uint8Array
}

export interface Receipt {
  /** 0 to 4. */
  readonly type: number
  readonly succeeded: boolean
  readonly gasUsed: bigint
  readonly cumulativeGasUsed: bigint
  readonly logs: readonly LogEntry[]
  readonly bloom: Uint8Array
  /** Of the contract that it created. */
  readonly contractAddress: Address | undefined
  readonly effectiveGasPrice: bigint
  readonly blobGasUsed: bigint | undefined
  /** The state after it, which receipts held before Byzantium (EIP-658): only in chains that are not ours. */
  readonly postState?: Hash
}

export interface Executed {
  readonly stateRoot: Hash
  readonly receiptsRoot: Hash
  readonly logsBloom: Uint8Array
  readonly gasUsed: bigint
  readonly blobGasUsed: bigint
  readonly requestsHash: Hash | undefined
  readonly receipts: readonly Receipt[]
  /** Those that ran, in order: all that were given, or, with `skipInvalid`, those that could be included. */
  readonly transactions: readonly TypedTransaction[]
  /** With `skipInvalid`: what could not be included, and the code that says why. */
  readonly skipped: readonly { readonly transaction: TypedTransaction; readonly code: string }[]
  /** What this block changed, for {@link World.keep}. */
  readonly layer: Layer
}

/** Opaque outside of evm/. */
export interface Layer {
  readonly parent: Hash
}

export interface ExecuteOptions {
  /** A proposer's way: leave out what can't run instead of failing, and stop when this says that the block is full. */
  readonly skipInvalid?: boolean
  readonly isFull?: (gasUsed: bigint, bytes: number) => boolean
  readonly signal?: AbortSignal
}

export interface CallRequest {
  readonly from: Address | undefined
  readonly to: Address | undefined
  readonly data: Uint8Array
  readonly value: bigint
  readonly gas: bigint
  readonly gasPrice: bigint
  readonly accessList?: readonly { readonly address: Address; readonly keys: readonly Hash[] }[]
  /** State that this call sees instead (the third parameter of eth_call). */
  readonly overrides?: readonly StateOverride[]
}

export interface StateOverride {
  readonly address: Address
  readonly balance?: bigint
  readonly nonce?: bigint
  readonly code?: Uint8Array
  readonly state?: readonly (readonly [Hash, bigint])[]
  readonly stateDiff?: readonly (readonly [Hash, bigint])[]
  /** eth_simulateV1: the precompile of this address is at that one instead. */
  readonly movePrecompileTo?: Address
}

export type CallResult =
  | {
      readonly kind: 'returned'
      readonly data: Uint8Array
      readonly gasUsed: bigint
      readonly logs: readonly LogEntry[]
    }
  | { readonly kind: 'reverted'; readonly data: Uint8Array; readonly gasUsed: bigint }
  /** Out of gas, invalid opcode, stack … or the time that a call may take was over. */
  | { readonly kind: 'failed'; readonly reason: string; readonly gasUsed: bigint }

/** One call within a transaction, as geth's `callTracer` tells it. */
export interface CallFrame {
  readonly type: 'CALL' | 'STATICCALL' | 'DELEGATECALL' | 'CALLCODE' | 'CREATE' | 'CREATE2' | 'SELFDESTRUCT'
  readonly from: Address
  readonly to: Address | undefined
  readonly value: bigint
  readonly gas: bigint
  readonly gasUsed: bigint
  readonly input: Uint8Array
  readonly output: Uint8Array
  readonly error: string | undefined
  readonly revertReason: string | undefined
  readonly calls: readonly CallFrame[]
  readonly logs: readonly LogEntry[]
}

/** All states that there are here. Created by `createWorld(options)(parts)`; `parts.database` is the ledger's own. */
export interface World {
  /** The state after this block: a layer, the base, or (archive, or young enough) an older one read from the trie. */
  at(block: Hash): StateReader | undefined
  /** Runs transactions on the state after `environment.parent`; nothing is kept. Recovers senders natively, in one go. */
  execute(
    environment: BlockEnvironment,
    transactions: readonly TypedTransaction[],
    options?: ExecuteOptions,
  ): Promise<Executed>
  /** From now on `at(block)` knows it: the block was checked or built. */
  keep(block: Hash, layer: Layer): void
  /**
   * The layer of `block`, a child of the base, becomes the base; layers that do not descend from it go. Writes with `database`,
   * within the transaction that the caller opened, so that block, receipts and state are on disk together or not at all.
   */
  settle(block: Hash, height: number, database: Database): void
  /** As if in a transaction of its own on the state after `block`. `timeMsMax` bounds it. */
  call(block: Hash, environment: BlockEnvironment, request: CallRequest, options?: CallOptions): Promise<CallResult>
  trace(
    environment: BlockEnvironment,
    /** Those of its block before it, then itself. */
    transactions: readonly TypedTransaction[],
    options?: CallOptions,
  ): Promise<CallFrame>
  /** Step by step, of those from `first` on; the others of the block before them run first. */
  traceSteps(
    environment: BlockEnvironment,
    transactions: readonly TypedTransaction[],
    first: number,
    options: StepOptions,
  ): Promise<readonly StepTrace[]>
  /** Blocks on the state after `block`; nothing is kept. */
  simulation(block: Hash, options: SimulateOptions): Simulation
  createAccessList(
    block: Hash,
    environment: BlockEnvironment,
    request: CallRequest,
  ): Promise<{
    readonly list: NonNullable<CallRequest['accessList']>
    readonly gasUsed: bigint
    readonly error?: string
  }>
}

export interface CallOptions {
  readonly timeMsMax?: number
  readonly signal?: AbortSignal
}

// ---- steps

export interface StepOptions extends CallOptions {
  readonly withStack: boolean
  readonly withMemory: boolean
  readonly withStorage: boolean
  /** Fewer than the limit. */
  readonly stepsMax?: number
}

export interface TraceStep {
  readonly pc: number
  readonly op: string
  readonly gas: bigint
  readonly gasCost: bigint
  readonly depth: number
  /** The top is last. */
  readonly stack?: readonly bigint[]
  readonly memory?: Uint8Array
  readonly storage?: Readonly<Record<string, string>>
}

export interface StepTrace {
  readonly gasUsed: bigint
  readonly failed: boolean
  readonly returned: Uint8Array
  readonly steps: readonly TraceStep[]
}

// ---- eth_simulateV1

export interface SimulateOptions {
  /** Nonces, fees and funds must be as in a real block; signatures and senders with code are never looked at. */
  readonly validation: boolean
  /** Tells movements of the coin among the logs. */
  readonly traceTransfers: boolean
  /** Of all blocks together. */
  readonly timeMsMax: number
}

/** Undefined: the sender's next, what is left of the block, nothing. */
export interface SimulateCall {
  readonly from: Address
  readonly to: Address | undefined
  readonly data: Uint8Array
  readonly value: bigint
  readonly gas: bigint | undefined
  readonly nonce: bigint | undefined
  readonly gasPrice: bigint | undefined
  readonly maxFeePerGas: bigint | undefined
  readonly maxPriorityFeePerGas: bigint | undefined
  readonly accessList: CallRequest['accessList']
  /** With some, it is a transaction of type 3: only on chains that know blobs. */
  readonly blobVersionedHashes: readonly Hash[] | undefined
  readonly maxFeePerBlobGas: bigint | undefined
}

export interface SimulateBlock {
  readonly environment: BlockEnvironment
  readonly overrides: readonly StateOverride[]
  readonly calls: readonly SimulateCall[]
  readonly blobBaseFee: bigint | undefined
}

export interface SimulatedCall {
  /** Unsigned; `getSenderAddress` and `hash` work. */
  readonly transaction: TypedTransaction
  readonly sender: Address
  readonly outcome:
    | { readonly kind: 'returned' | 'reverted'; readonly data: Uint8Array }
    | { readonly kind: 'failed'; readonly reason: string }
  readonly gasUsed: bigint
  /** Before refunds. */
  readonly gasUsedMax: bigint
  readonly logs: readonly (LogEntry & { readonly logIndex: number })[]
}

export interface SimulatedBlock {
  readonly stateRoot: Hash
  readonly transactionsRoot: Hash
  readonly receiptsRoot: Hash
  readonly logsBloom: Uint8Array
  readonly gasUsed: bigint
  readonly blobGasUsed: bigint
  readonly requestsHash: Hash | undefined
  readonly calls: readonly SimulatedCall[]
}

/** Blocks on one state, each on those that ran before; throws `call_unusable`, with `rpcCode` in its details. */
export interface Simulation {
  run(block: SimulateBlock): Promise<SimulatedBlock>
}

export interface GenesisAccount {
  readonly address: Address
  readonly balance: bigint
  readonly nonce?: bigint
  readonly code?: Uint8Array
  readonly slots?: readonly (readonly [key: Hash, value: Hash])[]
}

/** What `createWorld` gives: `World`, and what founding a ledger, opening it and handing it on need. */
export interface LedgerWorld extends World {
  /** The state that `settle` wrote last; height −1 and the zero hash before block 0. */
  base(): { readonly block: Hash; readonly height: number; readonly root: Hash }
  /** The lowest height whose state can be read. */
  oldest(): number
  /** The state of block 0, to `keep` and `settle` as any other (its parent is the zero hash). */
  genesis(accounts: readonly GenesisAccount[]): { readonly root: Hash; readonly layer: Layer }
  /** The transaction around the last `settle` did not happen: takes up what is on disk. */
  rolledBack(): void
  /** What was kept for this block is not asked for any more. */
  forget(block: Hash): void
  /**
   * Looks whether the state of the last block is whole, and makes tries from the flat state or the flat state from the tries where
   * one of them lacks. `thorough`: all of it, which takes a second for 50,000 accounts. Throws `state_damaged`.
   */
  mend(options: { readonly thorough: boolean }): Mended
  /**
   * A part of the state after `block` (settled, and still kept): the first one, or what comes after one's `next`. `bytesMax` is
   * passed by at most one account without slots or one code.
   */
  snapshotPart(block: Hash, after: Uint8Array | undefined, bytesMax: number): SnapshotPart
  /**
   * Into a world that has no state, or, where it `replaces`, instead of the one that is there, which is gone from then on: parts in
   * their order, each in a transaction of its own. Until the end there is no state.
   */
  importSnapshot(target: {
    readonly block: Hash
    readonly height: number
    readonly root: Hash
    readonly replaces?: boolean
  }): SnapshotImport
}

export type Mended =
  | { readonly kind: 'whole' }
  | { readonly kind: 'tries_rebuilt' }
  | { readonly kind: 'flat_rebuilt'; readonly accounts: number }

export interface SnapshotPart {
  readonly bytes: Uint8Array
  /** Where the next part begins; undefined after the last. */
  readonly next: Uint8Array | undefined
}

export interface SnapshotImport {
  /** Throws `snapshot_wrong`: nothing of this part is kept, and the import can't go on. */
  add(bytes: Uint8Array): void
  /** Compares the whole with the state root; from then on the state is here. */
  finish(): void
}
