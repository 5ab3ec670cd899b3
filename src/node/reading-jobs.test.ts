import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReadingEnd, ReadingJob } from '../community/reading.ts'
import { createReadingJobs } from './reading-jobs.ts'

const job = {} as ReadingJob

function setup() {
  const ends: string[] = []
  const running = new Map<number, PromiseWithResolvers<ReadingEnd['how']>>()
  const stopped = new Map<number, () => boolean>()
  const jobs = createReadingJobs({
    run(id, _job, isStopped) {
      const end = Promise.withResolvers<ReadingEnd['how']>()
      running.set(id, end)
      stopped.set(id, isStopped)
      return end.promise
    },
    onEnd: (id, how, error) => void ends.push(`${id} ${how}${error === undefined ? '' : ` ${error}`}`),
  })
  return { jobs, ends, running, stopped }
}

const turn = () => new Promise(setImmediate)

test('one after the other; one that waits is stopped at once, one that runs is asked to end', async () => {
  const { jobs, ends, running, stopped } = setup()
  for (const id of [1, 2, 3]) jobs.add(id, job)
  await turn()
  assert.deepEqual([...running.keys()], [1])
  jobs.stop(2)
  assert.deepEqual(ends, ['2 stopped'], 'it does not wait for the one before it')
  jobs.stop(1)
  assert.equal(stopped.get(1)?.(), true)
  running.get(1)?.resolve('stopped')
  await turn()
  assert.deepEqual([...running.keys()], [1, 3])
  assert.equal(stopped.get(3)?.(), false)
  jobs.stop(1)
  running.get(3)?.resolve('done')
  await turn()
  assert.deepEqual(ends, ['2 stopped', '1 stopped', '3 done'])
})

test('one that fails says why, and the next runs', async () => {
  const { jobs, ends, running } = setup()
  jobs.add(1, job)
  jobs.add(2, job)
  await turn()
  running.get(1)?.reject('no disk')
  await turn()
  running.get(2)?.resolve('done')
  await turn()
  jobs.add(3, job)
  await turn()
  running.get(3)?.resolve('done')
  await turn()
  assert.deepEqual(ends, ['1 failed no disk', '2 done', '3 done'])
})
