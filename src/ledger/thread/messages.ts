// What the main thread and the thread of one ledger say to each other. Everything that executes, stores or votes is in the
// thread; sockets, the community and the person's keys stay in the main one. Of secrets it gets the validator's alone.
//
//   main: streams, gossip, API ──► ToLedger ──► chain, pool, consensus, RPC (run.ts) ──► FromLedger ──► streams, gossip, API

import type { ErrorKind } from '../../base/errors.ts'
import type { PeerId } from '../../network/types.ts'
import type { Genesis } from '../chain/types.ts'
import type { Address, Hash } from '../types.ts'
import type { RecoveryFacts } from '../validator/recovery.ts'
import type { RecoveryStatement } from '../validator/recovery-wire.ts'
import type { Checkpoint, EvidenceRecord, LedgerStatus } from '../validator/types.ts'

/** What the thread starts with. */
export interface LedgerSeed {
  readonly genesis: Genesis
  /** Folder of this ledger, which is there. */
  readonly folder: string
  readonly self: PeerId
  /** Undefined: it only follows. */
  readonly validatorSecret: Uint8Array | undefined
  /** Nobody can have seen a vote of this key before. */
  readonly keyIsNew: boolean
  readonly mode: 'full' | 'light'
  /** Blocks whose states are kept; undefined: all of them. */
  readonly statesKept: number | undefined
  readonly clientVersion: string
  /** Files of recoveries that the person confirmed. */
  readonly recoveries?: readonly Uint8Array[] | undefined
  /** What the community's log says of a block that is final, where enough of its members say the same. */
  readonly checkpoint?: Checkpoint | undefined
}

export type ToLedger =
  | PeerNews
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  /** `caller`: who asks over HTTP, as far as they can be told apart. */
  | {
      readonly type: 'rpc'
      readonly id: number
      readonly session: number | undefined
      readonly caller?: string | undefined
      readonly body: string
    }
  | { readonly type: 'rpc-open'; readonly session: number }
  | { readonly type: 'rpc-close'; readonly session: number }
  | { readonly type: 'stop' }

export type PeerNews =
  | { readonly type: 'connected'; readonly peer: PeerId }
  | { readonly type: 'disconnected'; readonly peer: PeerId }
  /** Answered by `took`, so that no more is on its way than it can take. */
  | { readonly type: 'received'; readonly peer: PeerId; readonly bytes: Uint8Array }
  /** Answered by `verdict`. */
  | { readonly type: 'heard'; readonly peer: PeerId; readonly bytes: Uint8Array }

export type FromLedger =
  | { readonly type: 'ready'; readonly genesisHash: Hash; readonly repairs: readonly string[] }
  | { readonly type: 'took'; readonly peer: PeerId; readonly bytes: number }
  | {
      readonly type: 'verdict'
      readonly peer: PeerId
      readonly verdict: 'accept' | 'ignore' | 'reject'
      readonly bytes: number
    }
  | { readonly type: 'send'; readonly to: PeerId; readonly bytes: Uint8Array }
  | { readonly type: 'broadcast'; readonly bytes: Uint8Array }
  | { readonly type: 'blame'; readonly peer: PeerId; readonly code: string; readonly sentence: string }
  | { readonly type: 'head'; readonly head: Head }
  /** The first final block of a week, which may be told to the community. */
  | { readonly type: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly type: 'status' }
  | { readonly type: 'evidence'; readonly evidence: EvidenceRecord }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly error: ErrorMessage }
  | { readonly type: 'rpc-answer'; readonly id: number; readonly text: string | undefined }
  | { readonly type: 'rpc-note'; readonly session: number; readonly text: string }
  | { readonly type: 'rpc-over'; readonly session: number }
  | {
      readonly type: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly code: string
      readonly fields: Fields
    }
  | {
      readonly type: 'count' | 'gauge'
      readonly name: string
      readonly value: number
      readonly labels: Labels | undefined
    }
  /** It can't go on; the thread ends after this. */
  | { readonly type: 'failed'; readonly error: ErrorMessage }
  | { readonly type: 'stopped' }

type Fields = Readonly<Record<string, unknown>>
type Labels = Readonly<Record<string, string>>

export interface ErrorMessage {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  readonly hint: string
  readonly details: Fields
}

// ---- questions

export interface Head {
  readonly height: number
  readonly hash: Hash
  readonly timestamp: number
}

export type Question =
  | { readonly what: 'status' }
  | { readonly what: 'blocks'; readonly before: number | undefined; readonly limit: number }
  | { readonly what: 'block'; readonly at: number | Hash }
  | { readonly what: 'transactions'; readonly before: number | undefined; readonly limit: number }
  | { readonly what: 'transaction'; readonly hash: Hash }
  | { readonly what: 'account'; readonly addresses: readonly Address[] }
  | { readonly what: 'submit'; readonly raw: Uint8Array }
  /** Lets these accounts in, if that is this validator's to do; answered with (some of) those that are not in yet. */
  | { readonly what: 'admit'; readonly accounts: readonly Address[] }
  /** This validator's word on who is to follow; and what was said by all, to send it once enough agree. */
  | { readonly what: 'sign-change'; readonly validators: readonly Address[] }
  | { readonly what: 'change'; readonly changes: readonly SignedChange[] }
  /** What the community's log says of members; answered with how far the chain is from it, and what this validator would say. */
  | {
      readonly what: 'membership'
      readonly gone: readonly Address[]
      readonly present: readonly Address[]
      readonly words: readonly SignedMembers[]
    }
  /** All accounts that are members by the chain. */
  | { readonly what: 'members' }
  /** What this chain says of checkpoints, in their order. */
  | { readonly what: 'judge'; readonly checkpoints: readonly Checkpoint[] }
  /** Enough members say that this is final. */
  | { readonly what: 'believe'; readonly checkpoint: Checkpoint }
  /** Files of a recovery ceremony: a new one, one with this validator's signature, what one says. */
  | { readonly what: 'state-recovery'; readonly validators: readonly Address[] }
  | { readonly what: 'sign-recovery'; readonly file: Uint8Array }
  | { readonly what: 'examine-recovery'; readonly file: Uint8Array }
  | { readonly what: 'prove'; readonly claim: ClaimRequest }
  | { readonly what: 'lines'; readonly from: number; readonly limit: number }

/** What a file of a recovery ceremony says, and what this chain makes of it. */
export interface ExaminedRecovery extends RecoveryFacts {
  readonly statement: RecoveryStatement
}

/** One validator's word on who is to follow after an epoch: r, s, v over the contract's digest. */
export interface SignedChange {
  readonly epoch: number
  /** In ascending order. */
  readonly validators: readonly Address[]
  readonly signature: Uint8Array
}

/** One validator's word on a change of members: r, s, v over the contract's digest. */
export interface SignedMembers {
  /** How many changes by a quorum there were before. */
  readonly change: number
  /** Both in ascending order. */
  readonly admitted: readonly Address[]
  readonly removed: readonly Address[]
  readonly signature: Uint8Array
}

/** How far the chain's members are from the community's. */
export interface Membership {
  /** Members by the chain. */
  readonly members: number
  /** Changes by a quorum so far. */
  readonly change: number
  /** Announced, and no members yet. */
  readonly joining: number
  /** Members still, though they are nobody's account in the community any more. */
  readonly leaving: readonly Address[]
  /** Those of them that can't go before they validate no more. */
  readonly bound: readonly Address[]
  /** Validators in force that have signed the change that is furthest, and how many have to. */
  readonly signed: number
  readonly needed: number
  /** What this computer, as a validator in force, would say and has not said yet. */
  readonly say: SignedMembers | undefined
}

/** `unknown`: this computer does not hold that block. */
export type CheckpointVerdict = 'agrees' | 'contradicts' | 'unknown'

export type ClaimRequest =
  | { readonly kind: 'balance'; readonly address: Address; readonly height: number | undefined }
  | { readonly kind: 'transaction'; readonly hash: Hash }

export interface Answers {
  readonly status: {
    readonly status: LedgerStatus
    readonly head: Head
    readonly oldest: { readonly block: number; readonly state: number }
  }
  readonly blocks: { readonly blocks: readonly BlockFacts[]; readonly before: number | undefined }
  readonly block: (BlockFacts & { readonly list: readonly TransactionFacts[] }) | undefined
  readonly transactions: { readonly transactions: readonly TransactionFacts[]; readonly before: number | undefined }
  readonly transaction: TransactionFacts | undefined
  readonly account: readonly AccountFacts[]
  readonly submit: Hash
  readonly admit: readonly Address[]
  readonly 'sign-change': SignedChange
  readonly change: undefined
  readonly 'state-recovery': Uint8Array
  readonly 'sign-recovery': Uint8Array
  readonly 'examine-recovery': ExaminedRecovery
  /** Undefined in light mode. */
  readonly membership: Membership | undefined
  readonly members: readonly Address[]
  readonly judge: readonly CheckpointVerdict[]
  readonly believe: undefined
  readonly prove: string
  readonly lines: readonly ExportLine[]
}

export interface BlockFacts extends Head {
  readonly parent: Hash
  readonly proposer: Address
  readonly epoch: number
  readonly view: number
  readonly transactions: number
  readonly gasUsed: bigint
  readonly gasLimit: bigint
  readonly bytes: number
  readonly stateRoot: Hash
  /** The set changes with it. */
  readonly endsEpoch: boolean
}

export interface TransactionFacts {
  readonly hash: Hash
  /** Undefined: it waits. */
  readonly height: number | undefined
  readonly block: Hash | undefined
  readonly timestamp: number | undefined
  readonly index: number | undefined
  readonly type: number
  readonly from: Address
  readonly to: Address | undefined
  readonly value: bigint
  readonly nonce: bigint
  readonly gasLimit: bigint
  readonly gasUsed: bigint | undefined
  readonly gasPrice: bigint | undefined
  readonly succeeded: boolean | undefined
  readonly created: Address | undefined
  readonly data: Uint8Array
  readonly logs: number | undefined
}

export interface AccountFacts {
  readonly address: Address
  readonly balance: bigint
  readonly nonce: bigint
  readonly codeBytes: number
}

/** One block of an export: all that a reader needs to check it. */
export interface ExportLine extends Head {
  readonly block: string
  readonly receipts: number
  readonly certificate: string | undefined
}
