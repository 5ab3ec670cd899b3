// What IPFS is at, read anew whenever something of it changes.

import type { IpfsJob, IpfsStatus } from '../../../../src/sdk/types.ts'
import { useDaemon } from '../../store/hooks.tsx'
import { type Reading, useReading } from '../../store/reading.ts'
import { useNews } from '../admission/hooks.ts'

export interface Ipfs {
  readonly status: IpfsStatus
  readonly jobs: readonly IpfsJob[]
}

export function useIpfs(): Reading<Ipfs> {
  const { peerhood } = useDaemon()
  const news = useNews(({ type }) => type === 'ipfs-job')
  return useReading('ipfs', news, async (options) => {
    const [status, jobs] = await Promise.all([peerhood.ipfs.status(options), peerhood.ipfs.jobs(options)])
    return { status, jobs }
  })
}

/** Changes with the settings of a start only. */
export function useIpfsStatus(): Reading<IpfsStatus> {
  const { peerhood } = useDaemon()
  const news = useNews(() => false)
  return useReading('ipfs status', news, (options) => peerhood.ipfs.status(options))
}
