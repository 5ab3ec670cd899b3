// IPFS, for the API: status, and gets, imports and exports as jobs.

import { isAbsolute } from 'node:path'
import type { IpfsJob } from '../../api/ipfs-schemas.ts'
import type { IpfsServices } from '../../api/ipfs-services.ts'
import type { Event } from '../../api/schemas.ts'
import type { Cancel } from '../../base/ports.ts'
import type { IpfsService, IpfsJob as Job } from '../../ipfs/types.ts'
import { nodeErrors } from '../errors.ts'
import { problemToApi } from '../views.ts'

export function createIpfsServices(parts: { readonly ipfs: IpfsService; readonly emit: (event: Event) => void }): {
  readonly calls: IpfsServices
  follow(): Cancel
} {
  const { ipfs, emit } = parts
  const calls: IpfsServices = {
    status() {
      const { gateway = null, publicDht = null, peers, ...sums } = ipfs.view()
      return { gateway, publicDht, ...sums, peers: peers.map((peer) => ({ ...peer })) }
    },
    jobs: () => ipfs.jobs().map(jobToApi),
    job: (id) => jobToApi(ipfs.job(id)),
    add(request) {
      const to = absolute(request.to)
      if (request.kind === 'export') return jobToApi(ipfs.export({ what: request.what, to, from: request.from }))
      const common = { to, name: request.name, share: request.share !== false }
      if (request.kind === 'get') return jobToApi(ipfs.get({ ...common, cid: request.cid, from: request.from }))
      return jobToApi(ipfs.import({ ...common, file: absolute(request.file) }))
    },
    cancel: async (id) => jobToApi(await ipfs.cancel(id)),
  }
  return { calls, follow: () => ipfs.on((job) => emit({ type: 'ipfs-job', job: jobToApi(job) })) }
}

function absolute(path: string): string {
  if (isAbsolute(path)) return path
  throw nodeErrors.request_malformed(`${path} is no absolute path.`, {
    hint: 'Give the whole path, from the root on.',
  })
}

function jobToApi(job: Job): IpfsJob {
  const { problem } = job
  return {
    ...job,
    cid: job.cid ?? null,
    path: job.path ?? null,
    shareId: job.shareId ?? null,
    shareCid: job.shareCid ?? null,
    startedAtMs: Math.max(0, Math.round(job.startedAtMs)),
    endedAtMs: job.endedAtMs === undefined ? null : Math.max(0, Math.round(job.endedAtMs)),
    problem: problem === undefined ? null : { ...problemToApi(problem), kind: problem.kind },
  }
}
