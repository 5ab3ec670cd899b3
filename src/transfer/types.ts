// What the rest of Peerhood sees of transfers. docs/protocol/transfer.md is the normative page of the wire protocol.

import type { Brand } from '../base/brand.ts'
import type { PeerhoodError } from '../base/errors.ts'
import type { Cancel } from '../base/ports.ts'
import type { FileEntry, ReadableHolding, ShareId, ShareLink } from '../content/types.ts'
import type { PeerId } from '../network/types.ts'

export type TransferId = Brand<string, 'TransferId'>

export type TransferState = 'searching' | 'preparing' | 'transferring' | 'paused' | 'done' | 'failed' | 'cancelled'

export interface TransferPeerView {
  readonly peerId: PeerId
  readonly path: 'direct' | 'relayed' | 'none'
  readonly blocksHave: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly bytesPerSecond: number
}

export interface TransferView {
  readonly id: TransferId
  readonly shareId: ShareId
  readonly mode: 'get' | 'keep'
  readonly state: TransferState
  readonly name: string | undefined
  readonly kind: 'file' | 'folder' | undefined
  readonly path: string | undefined
  readonly only: string | undefined
  readonly bytes: number
  readonly bytesDone: number
  readonly bytesReused: number
  readonly files: number
  readonly filesDone: number
  readonly blocks: number
  readonly blocksDone: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number | undefined
  readonly peers: readonly TransferPeerView[]
  readonly startedAtMs: number
  readonly endedAtMs: number | undefined
  readonly seconds: number
  /** What it is doing or waiting for, for a person. */
  readonly sentence: string
  readonly problem: PeerhoodError | undefined
}

/** Who fetches a share from us now; `bytesTotal` counts since the share is here, over restarts. */
export interface UploadView {
  readonly shareId: ShareId
  readonly peers: readonly { peerId: PeerId; blocks: number; bytes: number; bytesPerSecond: number }[]
  readonly bytesTotal: number
}

export type TransferEvent =
  | { readonly type: 'transfer'; readonly transfer: TransferView } // at most a few times a second each
  | { readonly type: 'removed'; readonly id: TransferId }
  | { readonly type: 'upload'; readonly upload: UploadView }

export interface TransferService {
  /** Serves every holding of the library, announces them, and goes on with transfers that a stop or crash ended. */
  start(): Promise<void>
  stop(): Promise<void>
  list(): readonly TransferView[]
  /** Throws `transfer_unknown`. */
  view(id: TransferId): TransferView
  /** Shares that sent something since they are here, or have someone connected. */
  uploads(): readonly UploadView[]
  upload(share: ShareId): UploadView | undefined
  /**
   * Begins; a transfer of the same share into the same folder that is under way is returned instead of a second, and one
   * that failed goes on.
   */
  add(request: {
    readonly link: ShareLink
    /** The link's text, kept so that a restart can go on. */
    readonly linkText: string
    readonly mode: 'get' | 'keep'
    readonly to: string | undefined
    readonly only: string | undefined
  }): Promise<TransferView>
  pause(id: TransferId): Promise<TransferView>
  resume(id: TransferId): Promise<TransferView>
  cancel(id: TransferId): Promise<TransferView>
  remove(id: TransferId): Promise<void>
  /** The readable holding behind a get, once the version is known. */
  holding(id: TransferId): ReadableHolding | undefined
  /** Files of a get with their progress; empty until the layout is known. */
  files(id: TransferId): readonly { entry: FileEntry; bytesDone: number; wanted: boolean }[]
  /**
   * Plain bytes [start, end) of a file while it arrives: blocks ahead of the reader are fetched first, each chunk comes
   * as soon as its block is here.
   */
  read(
    id: TransferId,
    entry: FileEntry,
    range: { readonly start: number; readonly end: number },
    options: { signal: AbortSignal },
  ): AsyncIterable<Uint8Array>
  on(listener: (event: TransferEvent) => void): Cancel
}
