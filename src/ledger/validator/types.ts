// What validator/ offers: the whole node of one ledger, voting or following. It performs the effects of consensus/, keeps votes
// on disk before they leave, speaks `/peerhood/ledger/1` with other nodes and catches up. It knows nothing of libp2p: bytes
// come in by `received` and `heard`, and go out by the ports below, so it runs in a thread behind a MessagePort as well.

import type { Brand } from '../../base/brand.ts'
import type { Clock, Log, Metrics, Random } from '../../base/ports.ts'
import type { Chain, SnapshotChain } from '../chain/types.ts'
import type { Address, Hash, ValidatorSet } from '../types.ts'
import type { Recovery } from './recovery-wire.ts'

/** Another computer, as the network names it (a libp2p PeerId); 1 to 128 characters of ASCII. */
export type PeerName = Brand<string, 'PeerName'>

// ---- ports

/** The key that votes. It signs 32-byte digests: r ‖ s ‖ v (27 or 28), low s, 65 bytes. */
export interface ValidatorSigner {
  readonly address: Address
  sign(digest: Uint8Array): Uint8Array
}

/** Between nodes of one ledger. Messages may be lost with a connection; what lives on one keeps its order. */
export interface LedgerNetwork {
  /** Our own name, as others see it. */
  readonly self: PeerName
  /** One message of at most `messageBytesMax` to a connected peer; dropped where it is not connected. */
  send(to: PeerName, bytes: Uint8Array): void
  /** Gossip of the ledger's topic: to everyone, also those who are not connected to us. At most `gossipBytesMax`. */
  broadcast(bytes: Uint8Array): void
  /** A peer broke the protocol: `code` is one of `LedgerFault`. The network pauses it or hangs up. */
  blame(peer: PeerName, code: string, sentence: string): void
}

/** One file to which is added; from `LedgerDisk.openLog`. */
export interface LogFile {
  /** Adds at the end; may be torn when power is lost before `sync` returned. Rejects when the disk is full. */
  append(bytes: Uint8Array): Promise<void>
  /** On disk for good. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** The folder of one ledger, flat. `nodeLedgerDisk(folder)` is the real one. */
export interface LedgerDisk {
  /** Undefined: not there. Rejects when it is longer than `bytesMax`. */
  read(name: string, bytesMax: number): Promise<Uint8Array | undefined>
  /** The whole new content or the whole old one, whatever happens; durable when it resolves. */
  replace(name: string, bytes: Uint8Array): Promise<void>
  /** Made where it is missing; bytes after `length` are cut off first. */
  openLog(name: string, length: number): Promise<LogFile>
  /** Undefined: another process that lives holds it. Call the result to give it back. */
  lock(name: string): Promise<(() => Promise<void>) | undefined>
  /**
   * Whether the folder is the one that was marked last: restored from a copy, its marker is another file than it says. `new`: there
   * is none.
   */
  marker(name: string): Promise<'same' | 'new' | 'restored'>
  /** Makes a new marker. */
  mark(name: string): Promise<void>
}

/** Snapshots of the state, as a node offers them. */
export interface Snapshots {
  /** Of the newest: what its parts are and for which block; undefined: there is none. */
  manifest(): Uint8Array | undefined
  chunk(height: number, index: number): Promise<Uint8Array | undefined>
  /** Of the newest; 0: none. */
  readonly height: number
}

export interface LedgerNodeParts {
  /** One that can take in snapshots does so when it is far behind. */
  readonly chain: Chain | SnapshotChain
  /** What is offered to others (chain/snapshot.ts). */
  readonly snapshots?: Snapshots
  readonly disk: LedgerDisk
  readonly network: LedgerNetwork
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** Undefined: follows and serves, votes never. */
  readonly signer: ValidatorSigner | undefined
}

export interface LedgerNodeOptions {
  /** From the invitation: where to begin, and what must not be contradicted. Undefined: genesis. */
  readonly checkpoint?: Checkpoint
  /** Those that the person confirmed, and that `chain` was opened with. */
  readonly recoveries?: readonly Recovery[]
  /** Milliseconds that a message takes at most between two validators that live: the Δ of Simplex. Default 1,000. */
  readonly deltaMs?: number
  /** Whether this key was never used before: then nobody has to confirm what it last said. */
  readonly keyIsNew?: boolean
  /** Behind by more blocks, a snapshot is taken where one is offered. Default: `snapshotAfterBlocks`. */
  readonly snapshotAfter?: number
}

/** What a newcomer trusts: that this block was final, and who decided after it. */
export interface Checkpoint {
  readonly chainId: number
  readonly genesisHash: Hash
  readonly height: number
  readonly block: Hash
  /** Unix seconds of the block; decides whether it is too old to trust alone. */
  readonly timestamp: number
  /** Decides on the block after it. */
  readonly set: ValidatorSet
}

// ---- the node

export interface LedgerNode {
  start(): Promise<void>
  stop(): Promise<void>
  status(): LedgerStatus
  /** A connection to a peer that speaks the protocol is there: it is told who we are. */
  connected(peer: PeerName): void
  disconnected(peer: PeerName): void
  /** One message, as `LedgerNetwork.send` of the other side was given it. Never throws. */
  received(from: PeerName, bytes: Uint8Array): void
  /** Gossip; says whether to pass it on. `from` is who handed it to us. Never throws. */
  heard(from: PeerName, bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'>
  /** A raw transaction of this computer; kept and told to others. Throws what the pool throws. */
  submit(raw: Uint8Array): Promise<Hash>
  /** Contradicting signatures that were seen, oldest first. */
  evidence(): readonly EvidenceRecord[]
  /**
   * More members of the community than could lie say that this is final: what is newer than it is believed like what an invitation
   * says. Throws `ledger_checkpoint_contradicted` where it is of another ledger, or not in the chain that is here.
   */
  believe(checkpoint: Checkpoint): void
  /** For an invitation: the last final block. */
  checkpoint(): Checkpoint
  on(listener: (event: LedgerEvent) => void): () => void
}

export type LedgerEvent =
  | { readonly kind: 'final'; readonly height: number; readonly hash: Hash }
  /** Something of `status()` that a person sees changed. */
  | { readonly kind: 'status' }
  | { readonly kind: 'evidence'; readonly evidence: EvidenceRecord }

export interface EvidenceRecord {
  readonly validator: Address
  readonly epoch: number
  readonly view: number
  /** What contradicts what, as a sentence. */
  readonly sentence: string
  /** As the protocol sends it (consensus' encoding). */
  readonly bytes: Uint8Array
}

export type VotingState =
  /** Follows only: no key, or not in the set. */
  | { readonly kind: 'follower' }
  | { readonly kind: 'voting' }
  /** Other validators are asked what this key said last. `missing` did not answer: not there, or asking others themselves. */
  | {
      readonly kind: 'asking'
      readonly answered: number
      readonly needed: number
      readonly missing: readonly Address[]
    }
  /** It votes no more until a person does what `sentence` says. */
  | { readonly kind: 'stopped'; readonly code: VotingStop; readonly sentence: string }
export type VotingStop =
  /** Another process of this computer holds the folder. */
  | 'folder_in_use'
  /** The vote log or the guard can't be read. */
  | 'files_damaged'
  /** A quorum finalized what this program finds invalid. */
  | 'disagrees'
  /** Votes of this key came from elsewhere. */
  | 'key_in_use_elsewhere'
  /** The disk takes nothing; goes on by itself as soon as it does. */
  | 'disk_failing'

export interface LedgerStatus {
  readonly chainId: number
  readonly genesisHash: Hash
  /** Last final block. */
  readonly height: number
  readonly head: Hash
  readonly epoch: number
  readonly view: number
  /** Who may propose in this view. */
  readonly leader: Address | undefined
  readonly isOurTurn: boolean
  readonly validators: readonly ValidatorStatus[]
  readonly quorum: number
  readonly voting: VotingState
  /** The highest final block that anybody told of. */
  readonly heightSeen: number
  readonly sync: SyncState
  /** Transactions that wait to be put into a block. */
  readonly waiting: number
  /** Fewer than four validators: none may fail or lie. Shown everywhere as "trusted mode". */
  readonly isTrustedMode: boolean
  /** Why it doesn't go on, in a sentence; undefined while it does or nothing waits. */
  readonly stuck: { readonly code: StuckCode; readonly sentence: string } | undefined
  readonly evidence: number
  readonly peers: number
}
export type StuckCode =
  | 'validators_missing'
  /** Others went on by a recovery that nobody confirmed here. */
  | 'recovery_unknown'
  | 'voting_stopped'
  | 'catching_up'
  | 'disk_failing'
  | 'not_agreeing'

export interface ValidatorStatus {
  readonly address: Address
  readonly isSelf: boolean
  /** Undefined: it has not told us under which name it is reached. */
  readonly peer: PeerName | undefined
  readonly isConnected: boolean
  /** Anything signed by it, by our monotonic clock, ms ago; undefined: never since the start. */
  readonly heardMsAgo: number | undefined
  readonly height: number | undefined
}

export type SyncState =
  | { readonly kind: 'level' }
  | { readonly kind: 'blocks'; readonly from: number; readonly to: number }
  | { readonly kind: 'epochs'; readonly epoch: number }
  | { readonly kind: 'snapshot'; readonly height: number; readonly chunks: number; readonly done: number }
  /** The checkpoint is older than the trusting period: so many live validators have to agree, so many did. */
  | { readonly kind: 'confirming'; readonly agreed: number; readonly needed: number }
