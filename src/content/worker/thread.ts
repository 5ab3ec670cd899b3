// The block worker's thread: runs jobs in the order in which they come and tells how they ended, several at a time.

import { parentPort, workerData } from 'node:worker_threads'
import { garbageCollector, keepFreedMemory } from './collect.ts'
import { createJobRunner, type Job, type Outcome } from './job.ts'
import { collectBytes, tellBytes } from './limits.ts'

// Ciphers return fresh memory. V8 lets 64 MB of it pile up before it looks; collecting the young is a matter of 0.1 ms here.
const collect = garbageCollector()
keepFreedMemory(collect)

const runner = createJobRunner((workerData as { memory: SharedArrayBuffer }).memory)
let sinceCollection = 0

parentPort?.on('message', (jobs: readonly Job[]) => {
  let outcomes: Outcome[] = []
  let untold = 0
  for (const job of jobs) {
    const outcome = runner.run(job)
    if (outcome !== undefined) outcomes.push(outcome)
    const bytes = 'wire' in job ? job.wire.length : job.kind === 'hash' ? tellBytes : 0
    untold += bytes
    sinceCollection += bytes
    if (sinceCollection >= collectBytes) {
      sinceCollection = 0
      collect({ type: 'minor' })
    }
    if (untold < tellBytes) continue
    parentPort?.postMessage(outcomes)
    outcomes = []
    untold = 0
  }
  if (outcomes.length > 0) parentPort?.postMessage(outcomes)
})
parentPort?.postMessage([])
