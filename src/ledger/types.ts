// Words that all of ledger/ shares. A ledger is one chain of one community: Ethereum blocks and transactions, agreed on by
// Simplex (consensus/), executed by ethereumjs over a state of our own (evm/), kept and offered by chain/.
//
//   wallet, tools ─► rpc/ ─► chain/ (pool, blocks, store) ─► evm/ (execution, state, trie)
//                              ▲
//   peers ◄─► validator/ (votes on disk, streams, catching up) ─► consensus/ (pure)

import type { Brand } from '../base/brand.ts'

/** 32 bytes as `0x` and 64 lower-case hex digits: of a block, a transaction, a set, a key in storage. */
export type Hash = Brand<`0x${string}`, 'Hash'>
/** 20 bytes as `0x` and 40 lower-case hex digits (no checksum: that is for people to see). */
export type Address = Brand<`0x${string}`, 'Address'>

/**
 * Who decides in one epoch. A validator is its secp256k1 address, so that any contract can check its votes by `ecrecover`.
 * Sorted by address, without repetition, 1 to 100 of them; n validators bear f = ⌊(n−1)/3⌋ liars.
 */
export interface ValidatorSet {
  readonly epoch: number
  readonly validators: readonly Address[]
}

/**
 * A block as consensus sees it: what it must know of it, and bytes that only chain/ understands. `hash` is the Ethereum block
 * hash; epoch, view and the hash of the next set stand in the header's `extraData`, so the hash binds them.
 */
export interface Block {
  readonly hash: Hash
  readonly parent: Hash
  readonly height: number
  readonly epoch: number
  readonly view: number
  /** `setHash` of the set that takes over once this block is final; undefined where it stays. */
  readonly nextSetHash: Hash | undefined
  /** RLP of the Ethereum block. */
  readonly bytes: Uint8Array
}

/** Whether a block may be voted for. `nextSet` is what its execution left in the system contract, when that changed. */
export type Verdict =
  | { readonly ok: true; readonly nextSet: ValidatorSet | undefined }
  | { readonly ok: false; readonly code: string; readonly sentence: string }
