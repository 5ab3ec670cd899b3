// What the API needs from the daemon, in the API's own words. `node/` implements it over the feature services, so that
// routes stay thin and tests of the API can run against a small real implementation of their own.

import type { Readable } from 'node:stream'
import type { Cancel } from '../base/ports.ts'
import type { AdmissionServices, DeviceServices } from './admission-services.ts'
import type { ChatServices, CommunityServices } from './community-services.ts'
import type { CopiesServices } from './copies-services.ts'
import type { DirectServices } from './direct-services.ts'
import type { IpfsServices } from './ipfs-services.ts'
import type { LedgerRecoveryServices } from './ledger-recovery-services.ts'
import type { LedgerRpcServices } from './ledger-rpc-services.ts'
import type { LedgerServices } from './ledger-services.ts'
import type {
  DoctorReport,
  Event,
  File,
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
} from './schemas.ts'
import type { WalletServices } from './wallet-services.ts'

/** Every method rejects with a PeerhoodError only. */
export interface DaemonServices {
  status(): Status
  /** Begins an orderly stop; the response goes out first. */
  stop(): void
  identity(): Promise<Identity>
  phrase(passphrase: string | undefined): Promise<string>
  restore(phrase: string, passphrase: string | undefined): Promise<Identity>
  lock(passphrase: string | null, current: string | undefined): Promise<Identity>

  peers(): readonly Peer[]
  connect(address: string, options: { signal: AbortSignal }): Promise<Peer>

  shares(): readonly Share[]
  share(id: string): Share
  /** Begins; the share is `scanning` at first and its events tell the rest. */
  addShare(request: ShareRequest): Promise<Share>
  removeShare(id: string): Promise<void>
  shareFiles(id: string): Promise<readonly File[]>

  beginUpload(): Promise<Upload>
  /** Writes one file of an upload; `path` is relative, names separated by "/". */
  writeUpload(id: string, path: string, body: Readable, options: { signal: AbortSignal }): Promise<Upload>
  cancelUpload(id: string): Promise<void>

  inspectLink(link: string): Link

  transfers(): readonly Transfer[]
  transfer(id: string): Transfer
  addTransfer(request: TransferRequest): Promise<Transfer>
  pauseTransfer(id: string): Promise<Transfer>
  resumeTransfer(id: string): Promise<Transfer>
  /** Stops it and deletes what has not been finished. */
  cancelTransfer(id: string): Promise<Transfer>
  /** Takes an ended transfer off the list; files stay. */
  removeTransfer(id: string): Promise<void>
  transferFiles(id: string): Promise<readonly File[]>

  /** One file of a share or transfer, without listing them all: every range request of a player asks for it. */
  file(of: { readonly share: string } | { readonly transfer: string }, path: string): Promise<File>

  /** Bytes [start, end) of a file of a share or transfer, waiting for blocks that are on their way, in order. */
  openFile(
    of: { readonly share: string } | { readonly transfer: string },
    path: string,
    range: { readonly start: number; readonly end: number },
    options: { signal: AbortSignal },
  ): AsyncIterable<Uint8Array>

  readonly communities: CommunityServices
  readonly admission: AdmissionServices
  readonly devices: DeviceServices
  readonly chat: ChatServices
  readonly direct: DirectServices
  readonly ipfs: IpfsServices
  readonly copies: CopiesServices
  readonly ledgers: LedgerServices
  readonly ledgerRecovery: LedgerRecoveryServices
  readonly wallet: WalletServices
  readonly ledgerRpc: LedgerRpcServices

  doctor(options: { signal: AbortSignal }): Promise<DoctorReport>
  settings(): Settings
  changeSettings(patch: SettingsPatch): Promise<Settings>
  notifications(): Notifications
  /** Shows one on the desktop. */
  testNotification(): Promise<void>
  /** How many pages listen to events now: they tell of messages by themselves. */
  pagesOpen(count: number): void

  onEvent(listener: (event: Event) => void): Cancel
  /** Prometheus text format. */
  metrics(): Promise<string>
}
