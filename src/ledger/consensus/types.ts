// The words of consensus: what goes into the core, what comes out, what validators say to each other, what lies in the
// write-ahead log. The core (core.ts) is a function of these alone: no clock, no disk, no network, no randomness.
//
// validator/ drives it: every input in the order in which it happened, every effect in the order in which it came. One rule
// carries safety: a message that holds a vote of ours comes out only after `written` told that the vote is on disk.

import type { Address, Block, Hash, ValidatorSet, Verdict } from '../types.ts'

/** notarize: "this is the block of this view". nullify: "this view has none for me". finalize: "I saw it notarized, and never nullified". */
export type VoteKind = 'notarize' | 'nullify' | 'finalize'

/** What a vote is about; its digest (`voteDigest`) also binds the ledger's genesis hash. */
export interface Ballot {
  readonly kind: VoteKind
  readonly epoch: number
  /** From 1 on within an epoch. */
  readonly view: number
  /** Undefined with nullify, and only there. */
  readonly block: Hash | undefined
}

/** One validator's word. */
export interface Vote extends Ballot {
  /** Place in the epoch's set. */
  readonly validator: number
  /** 65 bytes over `voteDigest`: r, s (low), v (27 or 28), as `ecrecover` wants them. */
  readonly signature: Uint8Array
}

/** A quorum's word: signatures over one ballot, by ascending place in the set. */
export interface Certificate extends Ballot {
  readonly signatures: readonly Pick<Vote, 'validator' | 'signature'>[]
}

/** Two votes of one key that contradict each other; anyone who knows the set can check it (`checkEvidence`). */
export interface Evidence {
  readonly first: Vote
  readonly second: Vote
}

/**
 * Where a vote stands among those of its key: each is later than the one before, by epoch, view, rank. `notarize` has rank 1, the two
 * others 2; so nobody who keeps to that ever says two things that contradict each other.
 */
export interface Place {
  readonly epoch: number
  readonly view: number
  readonly rank: 1 | 2
}

export type Message =
  /** The leader's block: its own notarize vote, and the certificates that allow it (of the parent, and of every view skipped since). */
  | {
      readonly kind: 'proposal'
      readonly vote: Vote
      readonly block: Block
      readonly certificates: readonly Certificate[]
    }
  | { readonly kind: 'vote'; readonly vote: Vote }
  /** To one who needs them: an answer to `status` or `ask`, or to the next leader. */
  | { readonly kind: 'certificates'; readonly certificates: readonly Certificate[] }
  /** Blocks that were asked for; parents first. */
  | { readonly kind: 'blocks'; readonly blocks: readonly Block[] }
  /** Asks for certificates of views and for blocks by hash. */
  | {
      readonly kind: 'ask'
      readonly epoch: number
      readonly views: readonly number[]
      readonly blocks: readonly Hash[]
    }
  /** Where the sender is; one that is no answer asks for one, and for certificates where the sender is behind. */
  | {
      readonly kind: 'status'
      readonly epoch: number
      readonly view: number
      /** Of its last final block. */
      readonly height: number
      /** The view of the last final block within this epoch, 0 where that is of an earlier one. */
      readonly finalView: number
      readonly isAnswer: boolean
      /** In an answer: the highest view of this epoch in which the sender has heard a vote of who asked; else 0. */
      readonly heardView: number
    }

/** What the write-ahead log holds, in the order of writing. */
export type WalRecord =
  /** A vote of ours. */
  | { readonly kind: 'vote'; readonly vote: Vote }
  /** A block that we voted for: with the vote, so that whoever holds a certificate can still be given what it is about. */
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }

/** The last final block, as far as consensus has to know it. */
export type Head = Pick<Block, 'hash' | 'height' | 'epoch' | 'view'>

export type Input =
  /**
   * First of all, once. `head` and `set` are what the chain has on disk: its last final block and who decides on the next one;
   * `records` what could be read of the write-ahead log. With `mustConfirm` (a restored backup, a guard that knows more than the
   * log) nothing is signed before a quorum of others has said what they heard of us, and then only in later views.
   */
  | {
      readonly kind: 'start'
      readonly head: Head
      readonly set: ValidatorSet
      readonly records: readonly WalRecord[]
      /** What the signer guard knows: nothing is signed at or before this place. */
      readonly signedTo: Place | undefined
      readonly mustConfirm: boolean
      /** A finalize certificate on `head`, if there is one: to show to those who are behind. */
      readonly certificate: Certificate | undefined
    }
  /** Came from this validator (the stream is authenticated); decoded, not checked. */
  | { readonly kind: 'message'; readonly from: Address; readonly message: Message }
  /** All records up to this write are on disk and will survive a loss of power. */
  | { readonly kind: 'written'; readonly id: number }
  /** The time of the last `wake` effect has come (or later, or a little earlier: the core looks at `nowMs`). */
  | { readonly kind: 'wake' }
  /** Whether there is something that could be put into a block; whenever that changes. */
  | { readonly kind: 'work'; readonly isWaiting: boolean }
  /** Answers `build`. Undefined: there is nothing to propose on that parent, or it failed. */
  | {
      readonly kind: 'built'
      readonly epoch: number
      readonly view: number
      readonly parent: Hash
      readonly block: Block | undefined
    }
  /** Answers `check`. */
  | { readonly kind: 'checked'; readonly block: Hash; readonly verdict: Verdict }
  /** Blocks were fetched, checked and are final on disk, outside of the core; also without `behind`. */
  | {
      readonly kind: 'synced'
      readonly head: Head
      readonly set: ValidatorSet
      readonly certificate: Certificate | undefined
    }
  /** A stream to this validator has (again) been opened: tell it where we are. */
  | { readonly kind: 'met'; readonly peer: Address }

export type Effect =
  /** Append to the write-ahead log, flush, then `written`. Writes stay in order; several may be flushed at once. */
  | { readonly kind: 'write'; readonly id: number; readonly records: readonly WalRecord[] }
  /** To each of these validators, never to ourselves. May be lost. */
  | { readonly kind: 'send'; readonly to: readonly Address[]; readonly message: Message }
  /** The one timer there is: `wake` at this time of the clock that `nowMs` comes from. Undefined: none runs (idle). */
  | { readonly kind: 'wake'; readonly atMs: number | undefined }
  /**
   * Make a block on this parent, then `built`. Where `mayBeEmpty` is false and nothing could be put into it, answer with undefined.
   * A build for a later view, or the view's end, makes it useless.
   */
  | {
      readonly kind: 'build'
      readonly epoch: number
      readonly view: number
      readonly parent: Hash
      readonly mayBeEmpty: boolean
    }
  /** Execute this block on its parent (final, or checked before), then `checked`. */
  | { readonly kind: 'check'; readonly block: Block }
  /**
   * These blocks are final, parents first; each was checked. `certificate` is a quorum's finalize vote on the last of them or, where
   * `trail` is not empty, on the last of the trail: descendants in an epoch that ends, which carry nothing and are not of the chain.
   * `nextSet` is there when the last block ends its epoch.
   */
  | {
      readonly kind: 'final'
      readonly blocks: readonly Block[]
      readonly certificate: Certificate
      readonly trail: readonly Block[]
      readonly nextSet: ValidatorSet | undefined
    }
  /** A validator contradicted itself. Once a validator and epoch. */
  | { readonly kind: 'evidence'; readonly evidence: Evidence; readonly validator: Address }
  /**
   * Others have final blocks that can't be had by asking for single ones: fetch them from these peers, then `synced`. Repeated while
   * it lasts. `height` is what they claim, not proven.
   */
  | { readonly kind: 'behind'; readonly height: number; readonly peers: readonly Address[] }
  /** This peer broke the protocol. */
  | { readonly kind: 'blame'; readonly peer: Address; readonly code: ConsensusFault }
  /**
   * A quorum finalized what we found invalid: there are more liars than the protocol bears, or this program is wrong. Nothing is
   * signed from here on.
   */
  | { readonly kind: 'disagree'; readonly block: Block; readonly verdict: Verdict }

/** What a validator can do wrong in a message that decodes. */
export type ConsensusFault = 'consensus_signature_wrong' | 'consensus_certificate_wrong' | 'consensus_proposal_wrong'

/** `sign` makes 65 bytes over a digest of 32; `recover` is its inverse (ecrecover), undefined for what is no signature. */
export type Sign = (digest: Uint8Array) => Uint8Array
export type Recover = (digest: Uint8Array, signature: Uint8Array) => Address | undefined

export interface ConsensusOptions {
  readonly genesisHash: Hash
  /** Our validator's address; whoever is not in the set follows and signs nothing. */
  readonly address: Address
  /** Δ: what a message is expected to take at most, in milliseconds. */
  readonly delayMs: number
  /** What a proposer waits for between two blocks (genesis); it is added to the view's time. */
  readonly blockTimeMs: number
}

export interface ConsensusParts {
  readonly sign: Sign
  readonly recover: Recover
}

/** For people: where this validator is, and for whom it waits. */
export interface Standing {
  readonly epoch: number
  readonly view: number
  readonly height: number
  readonly validators: number
  readonly quorum: number
  readonly leader: Address
  /** Nothing waits, nothing runs. */
  readonly isIdle: boolean
  /** False while peers have to confirm what we last said, and after a disagreement. */
  readonly maySign: boolean
  /** While others have to say what they heard of us: how many did, and who of the set did not. */
  readonly asking:
    | { readonly answered: number; readonly needed: number; readonly silent: readonly Address[] }
    | undefined
  /** Blocks that are notarized but not final. */
  readonly unfinal: number
  /** Validators of whom no vote came in the current view (or a later one). */
  readonly silent: readonly Address[]
}

/** Made by `createConsensus(options)(parts)`. */
export interface Consensus {
  /** The effects, in order. */
  step(input: Input, nowMs: number): readonly Effect[]
  /** What the write-ahead log has to hold from now on; may replace it once the chain has every `final` on disk and nothing is being written. */
  records(): readonly WalRecord[]
  standing(): Standing
}
