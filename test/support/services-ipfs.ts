// The IPFS part of an in-memory daemon: jobs that are done a moment after they were begun, and fail where there is nothing.

import type { IpfsJob, IpfsJobRequest } from '../../src/api/ipfs-schemas.ts'
import type { IpfsServices } from '../../src/api/ipfs-services.ts'
import type { Event } from '../../src/api/schemas.ts'
import { defineErrors } from '../../src/base/errors.ts'
import type { Clock } from '../../src/base/ports.ts'

const errors = defineErrors({
  cid_malformed: { kind: 'usage', hint: 'Copy the CID once more.' },
  ipfs_job_unknown: { kind: 'not-found', hint: 'List them to see which there are.' },
})

/** The CID that nobody has. */
export const missingCid = 'bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'

export function createMemoryIpfs(parts: { clock: Clock; emit: (event: Event) => void }): IpfsServices {
  const { clock, emit } = parts
  const jobs = new Map<string, IpfsJob>()
  const change = (id: string, patch: Partial<IpfsJob>) => {
    const job = { ...find(id), ...patch }
    jobs.set(id, job)
    emit({ type: 'ipfs-job', job })
    return job
  }
  const find = (id: string) => {
    const job = jobs.get(id)
    if (job === undefined) throw errors.ipfs_job_unknown('There is no such job.')
    return job
  }
  const end = (id: string, { to }: IpfsJobRequest) => {
    const job = find(id)
    if (job.state !== 'running') return
    const endedAtMs = clock.nowMs()
    const sentence = 'Nobody who was asked has it.'
    const problem = { code: 'ipfs_block_not_found', kind: 'not-found', sentence, hint: 'Name a peer.' } as const
    if (job.cid === missingCid) change(id, { state: 'failed', problem, endedAtMs })
    else change(id, { state: 'done', path: `${to}/got`, bytes: 5, bytesDone: 5, files: 1, endedAtMs })
  }
  return {
    status: () => ({ gateway: null, publicDht: null, blocksSent: 0, bytesSent: 0, bytesReceived: 0, peers: [] }),
    jobs: () => [...jobs.values()],
    job: find,
    add(request) {
      const cid = request.kind === 'get' ? request.cid : null
      if (cid !== null && !/^(baf|Qm)/.test(cid)) throw errors.cid_malformed(`${cid} is no CID.`)
      const id = String(jobs.size + 1).padStart(16, '0')
      const job: IpfsJob = {
        ...{ id, kind: request.kind, state: 'running', cid, path: null, bytes: 0, bytesDone: 0, bytesReused: 0 },
        ...{
          files: 0,
          left: 0,
          shareId: null,
          shareCid: null,
          startedAtMs: clock.nowMs(),
          endedAtMs: null,
          problem: null,
        },
      }
      jobs.set(id, job)
      clock.after(50, () => end(id, request))
      return job
    },
    cancel: async (id) => (find(id).state === 'running' ? change(id, { state: 'cancelled' }) : find(id)),
  }
}
