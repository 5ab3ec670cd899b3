// Loaded into each daemon of a soak before its own code (`node --import`): says every few seconds how long the event loop
// was held up, how much is alive after a collection, and what is open. The daemon's own metric looks once a second, which
// costs nothing and shows no short stop; this looks fifty times as often.

import { appendFileSync } from 'node:fs'
import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

export interface MonitorLine {
  readonly atMs: number
  readonly pid: number
  /** Milliseconds by which timers came late, of all so far: median, 99th percentile and most. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Milliseconds of processor time that the main thread took between two looks: what held the loop up, whatever else runs. */
  readonly held: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Bytes of V8's heap and of buffers that are alive; undefined where nothing was collected. */
  readonly alive?: number
  /** Sockets, timers and so on by kind. */
  readonly resources?: Readonly<Record<string, number>>
}

const resolutionMs = 20
const everyMs = 5_000
/** A collection stops everything: only every so many lines, and not measured. */
const collectEvery = 3
const file = process.env.PEERHOOD_SOAK_MONITOR

/** Starting means loading the program, a second of work in one piece. */
const startMs = 10_000

if (file !== undefined && isMainThread && process.argv.includes('start')) setTimeout(watch, startMs, file).unref()

function watch(path: string): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  const held = watchHeld()
  let lines = 0
  const timer = setInterval(() => {
    const isCollected = ++lines % collectEvery === 0
    histogram.disable()
    if (isCollected) {
      collect()
      held.skip()
    }
    appendFileSync(path, `${JSON.stringify(lineOf(histogram, held.histogram, isCollected))}\n`)
    histogram.enable()
  }, everyMs)
  timer.unref()
}

/** On an overloaded computer timers are late for others' sake; the time that a thread itself has run tells them apart. */
function watchHeld(): { readonly histogram: RecordableHistogram; skip(): void } {
  const histogram = createHistogram()
  let before = process.threadCpuUsage()
  const look = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    histogram.record(Math.max(1, user + system))
  }, resolutionMs)
  look.unref()
  return {
    histogram,
    skip() {
      before = process.threadCpuUsage()
    },
  }
}

function lineOf(
  histogram: ReturnType<typeof monitorEventLoopDelay>,
  heldUs: RecordableHistogram,
  isCollected: boolean,
): MonitorLine {
  // The time between two looks is in it.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  const delay = { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) }
  const held = { p50: heldUs.percentile(50) / 1e3, p99: heldUs.percentile(99) / 1e3, max: heldUs.max / 1e3 }
  const line = { atMs: Date.now(), pid: process.pid, delay, held }
  if (!isCollected) return line
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  return { ...line, alive: heapUsed + arrayBuffers, resources }
}
