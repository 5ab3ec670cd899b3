// What node/ and the API see of ipfs/.

import type { PeerhoodError } from '../base/errors.ts'
import type { Cancel } from '../base/ports.ts'
import type { DoctorCheck, PeerId } from '../network/types.ts'

export interface IpfsGetRequest {
  readonly cid: string
  /** Multiaddr of a peer that has it; without it those that are connected are asked, and the public DHT where it is on. */
  readonly from: string | undefined
  /** Absolute path of the folder to write into. */
  readonly to: string
  /** What it is called there; the CID if not given. */
  readonly name: string | undefined
  /** Whether it becomes a public share of this peer. */
  readonly share: boolean
}

export interface IpfsImportRequest extends Pick<IpfsGetRequest, 'to' | 'name' | 'share'> {
  /** Absolute path of a CAR file. */
  readonly file: string
}

export interface IpfsExportRequest {
  /** A CID, or the id of a public share. */
  readonly what: string
  /** Absolute path of the CAR file to write; must not exist. */
  readonly to: string
  readonly from: string | undefined
}

/** A get, import or export, under way or ended. */
export interface IpfsJob {
  readonly id: string
  readonly kind: 'get' | 'import' | 'export'
  readonly state: 'running' | 'done' | 'failed' | 'cancelled'
  /** Known from the start but for an import. */
  readonly cid: string | undefined
  /** What has been written. */
  readonly path: string | undefined
  /** Of file content; of an export, of the CAR file. `bytes` grows as files are found. */
  readonly bytes: number
  readonly bytesDone: number
  /** Of `bytesDone`, what an earlier try had left. */
  readonly bytesReused: number
  readonly files: number
  /** Symbolic links, which are left out. */
  readonly left: number
  readonly shareId: string | undefined
  /** Root of that share; another than `cid` where the content was cut into other blocks than Peerhood cuts it. */
  readonly shareCid: string | undefined
  readonly startedAtMs: number
  readonly endedAtMs: number | undefined
  readonly problem: PeerhoodError | undefined
}

export interface IpfsView {
  /** URL of the gateway; undefined when it is off. */
  readonly gateway: string | undefined
  readonly publicDht: { readonly peers: number; readonly provided: number; readonly roots: number } | undefined
  readonly blocksSent: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** With whom blocks were exchanged since the start, or who wants some. */
  readonly peers: readonly {
    readonly peerId: PeerId
    readonly wants: number
    readonly bytesSent: number
    readonly bytesReceived: number
  }[]
}

export interface IpfsService {
  /** Before the network starts: serves bitswap. */
  start(): Promise<void>
  stop(): Promise<void>
  view(): IpfsView
  /** Begins. Throws `cid_malformed`, `cid_unsupported`, `address_malformed`, `ipfs_target_taken`, `ipfs_jobs_too_many`. */
  get(request: IpfsGetRequest): IpfsJob
  import(request: IpfsImportRequest): IpfsJob
  export(request: IpfsExportRequest): IpfsJob
  jobs(): readonly IpfsJob[]
  /** Throws `ipfs_job_unknown`. */
  job(id: string): IpfsJob
  /** What has arrived stays for the next try. Throws `ipfs_job_unknown`. */
  cancel(id: string): Promise<IpfsJob>
  on(listener: (job: IpfsJob) => void): Cancel
  diagnose(): readonly DoctorCheck[]
}
