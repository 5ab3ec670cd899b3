// The SDK's public words. All data types come from the API's schemas by type only, so nothing of zod or of the daemon
// is bundled into a page that imports the SDK.

import type { IpfsJob, IpfsJobRequest, IpfsStatus } from '../api/ipfs-schemas.ts'
import type {
  DoctorReport,
  Event,
  Files,
  Identity,
  Link,
  Notifications,
  Peer,
  Settings,
  SettingsPatch,
  Share,
  ShareRequest,
  Status,
  Transfer,
  TransferRequest,
  Upload,
} from '../api/schemas.ts'
import type { Clock } from '../base/ports.ts'
import type { ChatCalls, CommunityCalls, DeviceCalls, DirectCalls } from './community-types.ts'
import type { CopiesCalls } from './copies-types.ts'
import type { LedgerCalls } from './ledger-types.ts'
import type { ExplorerCalls, WalletCalls } from './wallet-types.ts'

export type { IpfsJob, IpfsJobRequest, IpfsStatus } from '../api/ipfs-schemas.ts'
export type {
  DoctorReport,
  Event,
  File,
  Files,
  Identity,
  Link,
  Notifications,
  Peer,
  Problem,
  Settings,
  SettingsPatch,
  Share,
  ShareRequest,
  Status,
  Transfer,
  TransferRequest,
  Upload,
} from '../api/schemas.ts'
export type * from './community-types.ts'
export type * from './copies-types.ts'
export type * from './ledger-recovery-types.ts'
export type * from './ledger-types.ts'
export type * from './wallet-types.ts'

export interface PeerhoodOptions {
  /** Where the API listens, e.g. `http://127.0.0.1:4780`; a page of the daemon's own passes `location.origin`. */
  readonly url: string
  /** The API token; left out by the daemon's own page, which has its cookie. */
  readonly token?: string | undefined
  /** The content of `confirm-key`: for a program by which the person acts themself, as the CLI does. */
  readonly confirmKey?: string | undefined
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** Default: the system's clock; tests pass their own. */
  readonly clock?: Clock
}

export interface CallOptions {
  /** Ends the call; it then rejects with kind `interrupted`. */
  readonly signal?: AbortSignal
}

export interface FilesOptions extends CallOptions {
  /** How many files to pass over; default 0. */
  readonly offset?: number
  /** How many to give at most, up to 10,000; default 1,000. */
  readonly limit?: number
}

/** Where a file is: in a share or in a transfer. */
export type ContentOf = { readonly share: string } | { readonly transfer: string }

export interface ContentOptions extends CallOptions {
  /** First byte; default 0. */
  readonly start?: number
  /** One past the last byte; default: the file's end. */
  readonly end?: number
}

export interface ContentUrlOptions {
  /** Makes a browser save the file instead of showing it. */
  readonly download?: boolean
}

export interface Content {
  /** Size of the whole file. */
  readonly bytes: number
  readonly mediaType: string
  /** The bytes asked for, as they arrive; cancel it to stop early. */
  readonly body: ReadableStream<Uint8Array>
}

export interface ReceivedEvent {
  /** Pass it as `lastEventId` to go on after this event. */
  readonly id: string
  readonly event: Event
}

/** `waiting`: the daemon did not answer; the next try comes by itself. */
export type ConnectionState = 'connecting' | 'open' | 'waiting'

export interface EventsOptions extends CallOptions {
  /** Goes on after this event; without it the stream begins with what happens next. */
  readonly lastEventId?: string
  /** Failed tries in a row before the iteration throws the last error; default: never. */
  readonly attemptsMax?: number
  readonly onState?: (state: ConnectionState) => void
}

export interface WaitOptions<Value> extends CallOptions {
  /** Called with the present state at once, and with each change. */
  readonly onProgress?: (value: Value) => void
}

export interface WatchOptions extends CallOptions {
  /** Failed tries in a row before the iteration throws; default 8, which takes about 20 s. */
  readonly attemptsMax?: number
}

/** What an upload may be made of; a Blob (a File from a drop) is sent without being read into memory. */
export type UploadBody = Blob | Uint8Array | ReadableStream<Uint8Array>

export interface UploadFile {
  /** Relative path, names joined with "/". */
  readonly path: string
  readonly body: UploadBody
}

export interface UploadProgress {
  /** Bytes handed to the network so far, over all files. */
  readonly bytesSent: number
  /** Undefined when a stream's length is not known. */
  readonly bytesTotal: number | undefined
  readonly filesDone: number
  /** The file being sent. */
  readonly path: string
}

export interface PutOptions extends CallOptions {
  /** Called with the bytes of this file sent so far, as fine as the platform tells. */
  readonly onProgress?: (bytesSent: number) => void
}

export interface ShareFilesOptions extends CallOptions {
  readonly public?: boolean
  readonly onProgress?: (progress: UploadProgress) => void
}

export interface IdentityCalls {
  get(options?: CallOptions): Promise<Identity>
  /** The 24 words; `passphrase` when the keystore has one. */
  phrase(request?: { readonly passphrase?: string }, options?: CallOptions): Promise<string>
  restore(request: { readonly phrase: string; readonly passphrase?: string }, options?: CallOptions): Promise<Identity>
  /** Sets, changes or (null) removes the keystore's passphrase. */
  lock(
    request: { readonly passphrase: string | null; readonly current?: string },
    options?: CallOptions,
  ): Promise<Identity>
}

export interface PeerCalls {
  list(options?: CallOptions): Promise<Peer[]>
  connect(request: { readonly address: string }, options?: CallOptions): Promise<Peer>
}

export interface ShareCalls {
  list(options?: CallOptions): Promise<Share[]>
  get(id: string, options?: CallOptions): Promise<Share>
  /** Begins sharing; wait with {@link ShareCalls.ready} for the link. */
  add(request: ShareRequest, options?: CallOptions): Promise<Share>
  remove(id: string, options?: CallOptions): Promise<void>
  files(id: string, options?: FilesOptions): Promise<Files>
  /** The share now, then after each change, until it is removed. Ends quietly when the signal aborts. */
  watch(id: string, options?: WatchOptions): AsyncIterable<Share>
  /** Waits until the share is `ready` (scanned, or fetched whole); rejects with its problem when it failed. */
  ready(id: string, options?: WaitOptions<Share>): Promise<Share>
}

export interface UploadCalls {
  begin(options?: CallOptions): Promise<Upload>
  /** Sends one file. The answer's `bytes` are those of the whole upload so far. */
  put(id: string, path: string, body: UploadBody, options?: PutOptions): Promise<Upload>
  cancel(id: string, options?: CallOptions): Promise<void>
  /** Begins an upload, sends all files one after the other and shares them; a failure drops the upload. */
  share(files: Iterable<UploadFile> | AsyncIterable<UploadFile>, options?: ShareFilesOptions): Promise<Share>
}

export interface LinkCalls {
  /** What a link says, without reaching anybody. */
  inspect(request: { readonly link: string }, options?: CallOptions): Promise<Link>
}

export interface TransferCalls {
  list(options?: CallOptions): Promise<Transfer[]>
  get(id: string, options?: CallOptions): Promise<Transfer>
  add(request: TransferRequest, options?: CallOptions): Promise<Transfer>
  /** Takes an ended transfer off the list. */
  remove(id: string, options?: CallOptions): Promise<void>
  pause(id: string, options?: CallOptions): Promise<Transfer>
  resume(id: string, options?: CallOptions): Promise<Transfer>
  cancel(id: string, options?: CallOptions): Promise<Transfer>
  files(id: string, options?: FilesOptions): Promise<Files>
  /** The transfer now, then after each change, until it has ended or is removed. Ends quietly on abort. */
  watch(id: string, options?: WatchOptions): AsyncIterable<Transfer>
  /** Waits until it is `done`; rejects with its problem when it failed, kind `interrupted` when cancelled. */
  finished(id: string, options?: WaitOptions<Transfer>): Promise<Transfer>
}

export interface IpfsCalls {
  status(options?: CallOptions): Promise<IpfsStatus>
  /** Gets by CID, imports and exports of CAR files. */
  jobs(options?: CallOptions): Promise<IpfsJob[]>
  job(id: string, options?: CallOptions): Promise<IpfsJob>
  /** Begins one; wait with {@link IpfsCalls.finished}. */
  add(request: IpfsJobRequest, options?: CallOptions): Promise<IpfsJob>
  /** Ends it; what has arrived stays for the next try. */
  cancel(id: string, options?: CallOptions): Promise<IpfsJob>
  /** Waits until it is `done`; rejects with its problem when it failed, kind `interrupted` when cancelled. */
  finished(id: string, options?: WaitOptions<IpfsJob>): Promise<IpfsJob>
}

export interface SettingsCalls {
  get(options?: CallOptions): Promise<Settings>
  change(patch: SettingsPatch, options?: CallOptions): Promise<Settings>
}

/** Messages to this person, shown on the desktop of the daemon while no page is open. On and off is a setting. */
export interface NotificationCalls {
  get(options?: CallOptions): Promise<Notifications>
  /** Shows one now; rejects with `notify_unavailable` or `notify_failed`. */
  test(options?: CallOptions): Promise<void>
}

/** A daemon, as its API shows it. Every method rejects with a PeerhoodError only. */
export interface Peerhood {
  /** The API's origin, without a trailing slash. */
  readonly url: string
  status(options?: CallOptions): Promise<Status>
  /** Asks the daemon to stop; resolves as soon as it has begun to. */
  stop(options?: CallOptions): Promise<void>
  doctor(options?: CallOptions): Promise<DoctorReport>
  /** Prometheus text. */
  metrics(options?: CallOptions): Promise<string>
  readonly identity: IdentityCalls
  readonly peers: PeerCalls
  readonly shares: ShareCalls
  readonly uploads: UploadCalls
  readonly links: LinkCalls
  readonly transfers: TransferCalls
  readonly communities: CommunityCalls
  readonly devices: DeviceCalls
  readonly chat: ChatCalls
  readonly direct: DirectCalls
  readonly ipfs: IpfsCalls
  readonly copies: CopiesCalls
  readonly ledger: LedgerCalls
  readonly wallet: WalletCalls
  readonly explorer: ExplorerCalls
  readonly settings: SettingsCalls
  readonly notifications: NotificationCalls
  /**
   * What happens, in order, over reconnects; an event of type `reset` says that some were missed and everything must
   * be read anew. Ends quietly when the signal aborts; throws when the daemon refuses.
   */
  events(options?: EventsOptions): AsyncIterable<ReceivedEvent>
  /** Where a file can be read, for `<video src>` and the like; needs the page's cookie or an Authorization header. */
  contentUrl(of: ContentOf, path: string, options?: ContentUrlOptions): string
  /** A file's bytes, or part of them. */
  openContent(of: ContentOf, path: string, options?: ContentOptions): Promise<Content>
}
