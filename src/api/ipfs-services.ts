// What the API needs of IPFS, in the API's own words; `node/` implements it, as in services.ts.

import type { IpfsJob, IpfsJobRequest, IpfsStatus } from './ipfs-schemas.ts'

export interface IpfsServices {
  status(): IpfsStatus
  jobs(): readonly IpfsJob[]
  job(id: string): IpfsJob
  /** Begins; its events tell the rest. */
  add(request: IpfsJobRequest): IpfsJob
  cancel(id: string): Promise<IpfsJob>
}
