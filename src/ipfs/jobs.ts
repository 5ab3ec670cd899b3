// Gets, imports and exports: what is under way and what came of it. They live as long as the daemon; the same request
// goes on from what an earlier one left on disk.

import { toHex } from '../base/bytes.ts'
import { toPeerhoodError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Cancel, Clock, Log, Random } from '../base/ports.ts'
import { ipfsErrors } from './errors.ts'
import { ipfsJobEveryMs, ipfsJobsAtOnceMax, ipfsJobsMax } from './limits.ts'
import type { IpfsJob } from './types.ts'

export type JobPatch = Partial<Omit<IpfsJob, 'id' | 'kind' | 'state' | 'startedAtMs' | 'endedAtMs' | 'problem'>>

/** What a job does: says how far it is, and resolves with the last of it. */
export type JobWork = (update: (patch: JobPatch) => void, signal: AbortSignal) => Promise<JobPatch>

export interface Jobs {
  /** Throws `ipfs_jobs_too_many`. */
  run(kind: IpfsJob['kind'], begin: JobPatch, work: JobWork): IpfsJob
  list(): readonly IpfsJob[]
  get(id: string): IpfsJob
  cancel(id: string): Promise<IpfsJob>
  stop(): Promise<void>
  on(listener: (job: IpfsJob) => void): Cancel
}

interface Entry {
  job: IpfsJob
  readonly cancelled: AbortController
  done: Promise<void>
  toldAtMs: number
}

const fresh = {
  ...{ cid: undefined, path: undefined, bytes: 0, bytesDone: 0, bytesReused: 0, files: 0, left: 0 },
  ...{ shareId: undefined, shareCid: undefined, endedAtMs: undefined, problem: undefined },
}

export function createJobs(parts: { readonly clock: Clock; readonly random: Random; readonly log: Log }): Jobs {
  const { clock, random, log } = parts
  const entries = new Map<string, Entry>()
  const events = new Emitter<IpfsJob>()

  function change(entry: Entry, patch: Partial<IpfsJob>, isUrgent: boolean): void {
    entry.job = { ...entry.job, ...patch }
    const nowMs = clock.monotonicMs()
    if (!isUrgent && nowMs - entry.toldAtMs < ipfsJobEveryMs) return
    entry.toldAtMs = nowMs
    events.emit(entry.job)
  }

  async function runWork(entry: Entry, work: JobWork): Promise<void> {
    const end = (patch: Partial<IpfsJob>) => change(entry, { ...patch, endedAtMs: clock.nowMs() }, true)
    try {
      const last = await work((patch) => change(entry, patch, false), entry.cancelled.signal)
      end({ ...last, state: 'done' })
    } catch (thrown) {
      if (entry.cancelled.signal.aborted) return end({ state: 'cancelled' })
      const problem = toPeerhoodError(thrown)
      log.info('ipfs_job_failed', { kind: entry.job.kind, code: problem.code })
      end({ state: 'failed', problem })
    }
  }

  function makeRoom(): void {
    const running = [...entries.values()].filter(({ job }) => job.state === 'running')
    if (running.length >= ipfsJobsAtOnceMax) {
      throw ipfsErrors.ipfs_jobs_too_many(`${ipfsJobsAtOnceMax} gets, imports and exports are under way already.`)
    }
    for (const [id, { job }] of entries) {
      if (entries.size < ipfsJobsMax) return
      if (job.state !== 'running') entries.delete(id)
    }
  }

  function find(id: string): Entry {
    const entry = entries.get(id)
    if (entry === undefined) throw ipfsErrors.ipfs_job_unknown('There is no get, import or export of that id.')
    return entry
  }

  return {
    run(kind, begin, work) {
      makeRoom()
      const id = toHex(random.bytes(8))
      const job: IpfsJob = { ...fresh, ...begin, id, kind, state: 'running', startedAtMs: clock.nowMs() }
      const entry: Entry = { job, cancelled: new AbortController(), done: Promise.resolve(), toldAtMs: 0 }
      entries.set(id, entry)
      entry.done = runWork(entry, work)
      return entry.job
    },
    list: () => [...entries.values()].map(({ job }) => job),
    get: (id) => find(id).job,
    async cancel(id) {
      const entry = find(id)
      entry.cancelled.abort(ipfsErrors.ipfs_job_cancelled('It was cancelled.'))
      await entry.done
      return entry.job
    },
    async stop() {
      for (const { cancelled } of entries.values())
        cancelled.abort(ipfsErrors.ipfs_job_cancelled('Peerhood is stopping.'))
      await Promise.all([...entries.values()].map(({ done }) => done))
    },
    on: (listener) => events.on(listener),
  }
}
