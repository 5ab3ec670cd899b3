// The words of content: a share has versions; a version is an ordered list of blocks (its inventory) that together are
// a UnixFS DAG; a holding is what this computer has of one version. docs/protocol/share.md is the normative page.
//
//   link ──► share key, secret ──► discovery key (DHT, LAN) and access key (who may ask)
//   signed record (share, sequence, inventory pages, meta) ──► inventory (digest and length of each block)
//   block = what goes over the wire; public: the UnixFS block itself; private: the same, sealed

import type { Brand } from '../base/brand.ts'
import type { Cancel } from '../base/ports.ts'
import type { PeerAddress } from '../network/types.ts'

/** 32 bytes: sha2-256 of a block's wire bytes. */
export type Digest = Brand<Uint8Array, 'Digest'>
/** 32 bytes: the Ed25519 public key that signs a share's versions. */
export type ShareKey = Brand<Uint8Array, 'ShareKey'>
/** A share's id in the API and on the command line: lower-case base32 of the share key. */
export type ShareId = Brand<string, 'ShareId'>
/** 32 bytes: opens a private share. In the link only; never in a log, a record or a keeper's disk. */
export type ShareSecret = Brand<Uint8Array, 'ShareSecret'>
/** 32 bytes: proves that one may ask for a share's blocks; says nothing about their content. */
export type AccessKey = Brand<Uint8Array, 'AccessKey'>
/** 32 bytes: what is announced in the DHT; a stranger can't turn it back into the share key. */
export type DiscoveryKey = Brand<Uint8Array, 'DiscoveryKey'>

export type Visibility = 'public' | 'private'

/** What a `peerhood:` link of a share says. */
export interface ShareLink {
  /** `read` opens the share; `keep` lets one hold and serve a private share without reading it. */
  readonly kind: 'read' | 'keep'
  readonly visibility: Visibility
  readonly share: ShareKey
  /** Private `read` links only. */
  readonly secret: ShareSecret | undefined
  readonly access: AccessKey
  readonly discovery: DiscoveryKey
  /** Peers to try first; at most `linkPeersMax`. */
  readonly peers: readonly PeerAddress[]
}

/** What the author says of a version; sealed when the share is private. */
export interface VersionMeta {
  readonly name: string
  readonly kind: 'file' | 'folder'
  /** Codec of the root block once opened: 0x55 raw or 0x70 dag-pb. */
  readonly rootCodec: 0x55 | 0x70
  /** How many blocks at the front of the inventory are inner nodes, root first, parents before children. */
  readonly nodes: number
  readonly files: number
  /** Sum of the files' sizes. */
  readonly bytes: number
}

/** One version of a share, signed with the share key. */
export interface VersionRecord {
  readonly share: ShareKey
  readonly visibility: Visibility
  /** Grows by one a version; the highest wins. */
  readonly sequence: number
  /** sha2-256 of each inventory page, in order. */
  readonly pages: readonly Digest[]
  /** Number of blocks. */
  readonly blocks: number
  /** Sum of the blocks' wire lengths. */
  readonly bytes: number
  /** DAG-CBOR of {@link VersionMeta}; sealed when private. */
  readonly meta: Uint8Array
  /** When the author made it, ms since 1970. */
  readonly createdMs: number
}

/** The blocks of one version, in order: inner nodes first (root at 0), then all other leaves in the order of the files. */
export interface Inventory {
  readonly count: number
  /** A view into the packed pages; do not write to it. */
  digest(index: number): Digest
  length(index: number): number
  /** The page as it goes over the wire. */
  page(page: number): Uint8Array
}

/** Bits by block index. */
export interface ReadonlyBitfield {
  readonly length: number
  readonly ones: number
  has(index: number): boolean
  /** Packed, most significant bit first, trailing bits zero. */
  toBytes(): Uint8Array
}

/** One file of a version and where its leaves lie, or a folder that no file's path implies: an empty one. */
export interface FileEntry {
  /** `folder`: an empty folder, without bytes and leaves. */
  readonly kind: 'file' | 'folder'
  /** Names from the share's root down; empty for a share that is a single file. Not yet safe for a disk. */
  readonly path: readonly string[]
  readonly bytes: number
  /** Inventory index of each leaf, in file order (equal leaves share one; below `nodes` when an inner node is the same). */
  readonly leaves: readonly number[]
  /** Where in the file each leaf begins; absent when they are `leafBytes` (1 MiB) apart, as Peerhood makes them. */
  readonly offsets?: readonly number[]
}

/**
 * What this computer has of one version of one share. The transfer code sees shares only through this; content/
 * implements it on disk, tests implement it in memory. All methods may be called concurrently.
 */
export interface Holding {
  readonly share: ShareKey
  readonly shareId: ShareId
  readonly access: AccessKey
  readonly discovery: DiscoveryKey
  readonly record: VersionRecord
  /** The signed record as it goes over the wire. */
  readonly recordBytes: Uint8Array
  /** Undefined until every inventory page has arrived. */
  readonly inventory: Inventory | undefined
  /**
   * Blocks that are here and verified. Live: it grows as `putBlock` succeeds, and shrinks when the disk turns out to have
   * lost some. Empty until the inventory is there.
   */
  readonly have: ReadonlyBitfield
  /** Blocks that are not wanted here (outside `--only`). Live, like `have`. */
  isWanted(index: number): boolean
  readonly complete: boolean

  /** Which pages are here (own and complete holdings: all). */
  hasPage(page: number): boolean
  /** Verifies and keeps an inventory page; throws `block_hash_wrong`, `inventory_malformed`. */
  putPage(page: number, bytes: Uint8Array): Promise<void>

  /**
   * A block's wire bytes, checked against its digest. Throws `block_not_here`, or `block_changed` when the file
   * under it is no longer what was shared (which also starts a new version where it is our own share).
   */
  readBlock(index: number, options?: { signal?: AbortSignal }): Promise<Uint8Array>

  /**
   * Verifies a block and writes it into place; `have` says so once it is written. Throws `block_hash_wrong` (blame
   * the sender), `disk_full`, `folder_read_only`, … (ours). Putting a block twice does nothing. Leave `bytes` alone until
   * the promise settles, either way; they may be overwritten meanwhile. From then on they are the caller's again.
   */
  putBlock(index: number, bytes: Uint8Array): Promise<void>

  /** Tells when `inventory`, `have`, `wanted` or `record` changed. */
  on(listener: (event: HoldingEvent) => void): Cancel
}

export type HoldingEvent =
  | { readonly type: 'inventory' } // all pages are here
  | { readonly type: 'block'; readonly index: number }
  | { readonly type: 'wanted' } // the layout became known, `--only` changed, or the disk has lost blocks that were here
  | { readonly type: 'complete' }
  | { readonly type: 'superseded' } // a newer version of the same share replaced this holding

/** A holding whose content this computer can read: its own shares, and those fetched with a `read` link. */
export interface ReadableHolding extends Holding {
  readonly meta: VersionMeta
  /** Known once the inner nodes are here. */
  readonly layout: readonly FileEntry[] | undefined
  /** The layout where it is not kept in memory: read with pauses, so that a large one does not hold the thread. */
  readLayout?(): Promise<readonly FileEntry[] | undefined>
  /** A leaf's plain bytes, checked; throws as `readBlock` does. */
  readLeaf(index: number, options?: { signal?: AbortSignal }): Promise<Uint8Array>
}

/** A get on its way, or done. */
export interface FetchedHolding extends ReadableHolding {
  /** The file or folder that the share becomes on disk (final name; parts lie beside it until `finish`). */
  readonly path: string
  /** Plain bytes and files inside `--only`; 0 until the layout is known. */
  readonly bytesWanted: number
  readonly bytesDone: number
  /** Of `bytesDone`, what was found on this computer: earlier versions, other shares, earlier runs. */
  readonly bytesReused: number
  readonly filesWanted: number
  readonly filesDone: number
  /** Bytes done of each layout entry, and whether it is wanted. */
  fileProgress(entry: number): { readonly bytesDone: number; readonly wanted: boolean }
  /** Flushes to disk and gives every file its final name. Only when all wanted blocks are here. */
  finish(): Promise<{ readonly path: string; readonly bytes: number }>
  /** Deletes what has not been finished. */
  discard(): Promise<void>
}

export type LibraryEvent =
  | { readonly type: 'added'; readonly holding: Holding }
  | { readonly type: 'removed'; readonly holding: Holding }

/** Everything that this computer holds and may serve: at most one current holding a share. */
export interface Library {
  holdings(): readonly Holding[]
  byDiscovery(discovery: DiscoveryKey): Holding | undefined
  byShare(share: ShareId): Holding | undefined
  on(listener: (event: LibraryEvent) => void): Cancel
  /**
   * Begins a get, or goes on with one of the same share, folder and pattern: checks the record's signature against
   * the link, checks free space once the size is known, re-checks on disk what an earlier run left, reuses blocks
   * that this computer has elsewhere. Throws `record_not_trusted`, `record_outdated`, `disk_full`, `folder_read_only`, …
   */
  openFetched(request: {
    readonly link: ShareLink
    readonly recordBytes: Uint8Array
    readonly to: string
    readonly only: string | undefined
    readonly signal?: AbortSignal
  }): Promise<FetchedHolding>
  /** The same for a copy that is held as it came over the wire, which needs no secret. */
  openKept(request: { readonly link: ShareLink; readonly recordBytes: Uint8Array }): Promise<Holding>
  /**
   * Lets go of a kept copy that was never complete, and deletes its blocks. One that is complete, or on its way from one
   * complete version to the next, stays; so do own and fetched holdings of the share.
   */
  discardKept(share: ShareId): Promise<void>
}
