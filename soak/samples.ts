// What a process uses, read from outside (/proc) and from what its monitor wrote, and whether that grows.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { MonitorLine } from './monitor.ts'

export interface Sample {
  readonly atMs: number
  readonly rssBytes: number
  readonly descriptors: number
  readonly cpuSeconds: number
}

/** One run of a daemon: a restart begins another. */
export interface Life {
  readonly name: string
  readonly pid: number
  readonly monitorFile: string
  readonly samples: Sample[]
}

const ticksPerSecond = 100 // USER_HZ, which Linux fixes for /proc/<pid>/stat

/** Undefined when the process is gone. */
export function sampleOf(pid: number): Sample | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return {
      atMs: Date.now(),
      rssBytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      cpuSeconds: (Number(stat[11]) + Number(stat[12])) / ticksPerSecond,
    }
  } catch {
    return undefined
  }
}

export function monitorLines({ monitorFile, pid }: Life): MonitorLine[] {
  if (!existsSync(monitorFile)) return []
  const lines = readFileSync(monitorFile, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as MonitorLine).filter((line) => line.pid === pid)
}

// ---- growth

export type Verdict = 'flat' | 'grows' | 'too short to say'

export interface Growth {
  readonly verdict: Verdict
  /** By the fitted line, over the time looked at. */
  readonly perMinute: number
  readonly median: number
}

/** What a process does first (loading, caches, the largest share so far) is no growth. */
const warmUpMs = 60_000
const spanMinMs = 90_000
const pointsMin = 6

interface Point {
  readonly atMs: number
  readonly value: number
}

/**
 * Whether values rise: the median of the slopes between all pairs of points (Theil and Sen), which single peaks do not move.
 * `allowedPerMinute`: as much is taken for chance; and over the whole time at least a tenth of the median.
 */
export function growthOf(points: readonly Point[], bornMs: number, allowedPerMinute: number): Growth {
  const settled = points.filter(({ atMs }) => atMs - bornMs >= warmUpMs)
  const [first, last] = [settled[0], settled.at(-1)]
  const middle = median((settled.length > 0 ? settled : points).map(({ value }) => value))
  const spanMs = first === undefined || last === undefined ? 0 : last.atMs - first.atMs
  if (settled.length < pointsMin || spanMs < spanMinMs)
    return { verdict: 'too short to say', perMinute: 0, median: middle }
  const slopes: number[] = []
  for (const [at, a] of settled.entries()) {
    for (const b of settled.slice(at + 1)) if (b.atMs > a.atMs) slopes.push((b.value - a.value) / (b.atMs - a.atMs))
  }
  const perMinute = median(slopes) * 60_000
  const total = (perMinute * spanMs) / 60_000
  const grows = perMinute > allowedPerMinute && total > middle / 10
  return { verdict: grows ? 'grows' : 'flat', perMinute, median: middle }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  if (sorted.length === 0) return 0
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2
}
