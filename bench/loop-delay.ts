// Loaded into a daemon by a benchmark (`node --import`): on SIGUSR2 writes by how much its event loop came late since the last
// time, in ms, to the file that LOOP_DELAY_FILE names.

import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const { LOOP_DELAY_FILE } = process.env
const resolutionMs = 10

if (isMainThread && LOOP_DELAY_FILE !== undefined) {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  process.on('SIGUSR2', () => {
    const late = (percentile: number) => Math.max(0, histogram.percentile(percentile) / 1e6 - resolutionMs)
    writeFileSync(LOOP_DELAY_FILE, JSON.stringify({ p99: late(99), max: late(100) }))
    histogram.reset()
  })
}
