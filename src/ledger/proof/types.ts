// A proof that something is final in a ledger, as a file that anyone can check without asking anybody: how the set of
// validators came about from the genesis, a header that a quorum of them made final, and a branch of one of its tries.

import type { Address, Hash } from '../types.ts'

/** How an epoch ended: the header that changed the set, what made it final, who decides from then on. */
export interface EpochStep {
  readonly header: Uint8Array
  readonly certificate: Uint8Array
  readonly next: readonly Address[]
  /** The file of the recovery that ended it, where the block itself did not: an agreement of people. */
  readonly recovery: Uint8Array | undefined
}

/** What a proof rests on besides signatures of quorums. */
export interface ProvenRecovery {
  readonly fingerprint: string
  /** The epoch that began with it, after this block. */
  readonly epoch: number
  readonly height: number
  /** So many of so many validators signed it: fewer than a quorum. */
  readonly signatures: number
  readonly validators: number
}

export type Claim =
  | { readonly kind: 'balance'; readonly address: Address; readonly proof: readonly Uint8Array[] }
  | {
      readonly kind: 'transaction'
      readonly index: number
      readonly transaction: Uint8Array
      readonly proof: readonly Uint8Array[]
      readonly receipt: Uint8Array
      readonly receiptProof: readonly Uint8Array[]
    }

export interface Proof {
  /** `encodeGenesis`. */
  readonly genesis: Uint8Array
  /** Header of block 0. */
  readonly first: Uint8Array
  readonly epochs: readonly EpochStep[]
  /** From the header that the claim is about to the one that the certificate is for, each the parent of the next. */
  readonly headers: readonly Uint8Array[]
  /** Empty where the claim is about block 0. */
  readonly certificate: Uint8Array
  readonly claim: Claim
}

/** What a proof that is good says. */
export interface Proven {
  readonly chainId: number
  readonly name: string
  readonly coin: { readonly name: string; readonly symbol: string }
  readonly genesisHash: Hash
  readonly height: number
  readonly block: Hash
  /** Unix seconds. */
  readonly timestamp: number
  readonly validators: number
  /** So many of them signed. */
  readonly signatures: number
  /** Oldest first. It proves nothing to who does not believe each of them. */
  readonly recoveries: readonly ProvenRecovery[]
  readonly claim:
    | { readonly kind: 'balance'; readonly address: Address; readonly wei: bigint; readonly nonce: bigint }
    | {
        readonly kind: 'transaction'
        readonly hash: Hash
        readonly from: Address
        readonly to: Address | undefined
        readonly wei: bigint
        readonly succeeded: boolean
        readonly gasUsed: bigint | undefined
      }
}
