// Gets, imports and exports as jobs: told at a pace, ended in every way, and never more than there is room for.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../test/sim/random.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { memoryLog } from '../network/testing.ts'
import { ipfsErrors } from './errors.ts'
import { createJobs, type JobWork } from './jobs.ts'
import { ipfsJobEveryMs, ipfsJobsAtOnceMax, ipfsJobsMax } from './limits.ts'

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code
const setUp = () => {
  const clock = createManualClock()
  return { clock, jobs: createJobs({ clock, random: createRandom('jobs'), log: memoryLog() }) }
}
const untilCancelled: JobWork = (_update, signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a job is told about at a pace, and ends with what came of it', async () => {
  const { clock, jobs } = setUp()
  const told: string[] = []
  jobs.on(({ state, bytesDone }) => told.push(`${state} ${bytesDone}`))
  const go = Promise.withResolvers<void>()
  const { id } = jobs.run('get', { cid: 'x' }, async (update) => {
    clock.advance(ipfsJobEveryMs)
    update({ bytesDone: 1 })
    update({ bytesDone: 2 })
    clock.advance(ipfsJobEveryMs)
    update({ bytesDone: 3 })
    await go.promise
    return { bytesDone: 4, path: '/there' }
  })
  go.resolve()
  await turn()
  assert.deepEqual(told, ['running 1', 'running 3', 'done 4'])
  assert.equal(jobs.get(id).path, '/there')
  const failed = jobs.run('import', {}, async () => Promise.reject(ipfsErrors.car_incomplete('It lacks a block.')))
  await turn()
  assert.equal(jobs.get(failed.id).problem?.code, 'car_incomplete')
  assert.throws(() => jobs.get('none'), withCode('ipfs_job_unknown'))
})

test('ipfsJobsAtOnceMax and ipfsJobsMax are met; ended ones are forgotten, the oldest first', async () => {
  const { jobs } = setUp()
  const first = jobs.run('get', {}, async () => ({}))
  for (let number = 1; number < ipfsJobsMax; number++) {
    await turn()
    jobs.run('get', {}, async () => ({}))
  }
  await turn()
  assert.equal(jobs.list().length, ipfsJobsMax)
  const running = Array.from({ length: ipfsJobsAtOnceMax }, () => jobs.run('export', {}, untilCancelled))
  assert.throws(() => jobs.run('get', {}, untilCancelled), withCode('ipfs_jobs_too_many'))
  assert.equal(jobs.list().length, ipfsJobsMax)
  assert.throws(() => jobs.get(first.id), withCode('ipfs_job_unknown'))
  assert.equal((await jobs.cancel(running[0]?.id ?? '')).state, 'cancelled')
  jobs.run('get', {}, untilCancelled)
  await jobs.stop()
  assert.ok(jobs.list().every(({ state }) => state !== 'running'))
})
