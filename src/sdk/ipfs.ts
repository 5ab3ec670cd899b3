// Calls about IPFS: gets by CID, imports and exports of CAR files.

import type { IpfsJob } from '../api/ipfs-schemas.ts'
import { PeerhoodError } from '../base/errors.ts'
import { sdkErrors } from './errors.ts'
import type { Http } from './http.ts'
import type { IpfsCalls } from './types.ts'
import { type Subject, waitForLast } from './watch.ts'

export function createIpfsCalls(http: Http): IpfsCalls {
  const subjectOf = (id: string): Subject<IpfsJob> => ({
    read: (options) => http.read('GET /api/ipfs/jobs/:id', { params: { id }, ...options }),
    changeOf: (event) => (event.type === 'ipfs-job' && event.job.id === id ? event.job : undefined),
    isLast: ({ state }) => state !== 'running',
  })
  return {
    status: (options) => http.call('GET /api/ipfs', options),
    async jobs(options) {
      return (await http.call('GET /api/ipfs/jobs', options)).jobs
    },
    job: (id, options) => http.call('GET /api/ipfs/jobs/:id', { params: { id }, ...options }),
    add: (request, options) => http.call('POST /api/ipfs/jobs', { body: request, ...options }),
    cancel: (id, options) => http.call('POST /api/ipfs/jobs/:id/cancel', { params: { id }, ...options }),
    async finished(id, options) {
      const gone = () => sdkErrors.transfer_gone('It was forgotten, since others came after it.', { details: { id } })
      const job = await waitForLast(http, subjectOf(id), gone, options)
      if (job.state !== 'done') throw errorOfJob(job)
      return job
    },
  }
}

function errorOfJob({ id, state, problem }: IpfsJob): PeerhoodError {
  const details = { id }
  if (state === 'cancelled') {
    const hint = 'The same request goes on from what has arrived.'
    return sdkErrors.transfer_cancelled('It was cancelled.', { details, hint })
  }
  if (problem === null) return sdkErrors.transfer_failed('It failed.', { details })
  return new PeerhoodError(problem.code, { kind: problem.kind, hint: problem.hint }, problem.sentence, { details })
}
