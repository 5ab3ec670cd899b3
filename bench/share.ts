// What sharing costs: the time from `add` to `ready`, against `sha256sum` over the same files in the same run. One file of
// 1 GiB and 10,000 files of 0.5 to 20 KB, public and private, medians of `--rounds` (3); files are in the page cache for both.
// Once in a process that has just started, and again, as a new share, in the same process, as a daemon that runs would.
//
//   node bench/share.ts [--rounds 3] [--bytes 1073741824] [--files 10000]

import { execFileSync, fork } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Clock, Log } from '../src/base/ports.ts'
import { createLibrary } from '../src/content/library/library.ts'
import { createShares } from '../src/content/library/shares.ts'
import type { Visibility } from '../src/content/types.ts'
import { makeBigFile, makeSmallFiles } from './data.ts'
import { median, table } from './table.ts'

interface Measure {
  readonly seconds: number
  /** The same share made anew. */
  readonly againSeconds: number
  /** Largest resident size of the process that shared. */
  readonly peakBytes: number
}

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

/** Shares `path` in this process, with a home of its own. */
async function shareOnce(path: string, visibility: Visibility): Promise<Measure> {
  const home = mkdtempSync(join(tmpdir(), 'peerhood-bench-home-'))
  const database = new DatabaseSync(join(home, 'peerhood.db'))
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const random = { bytes: (length: number) => randomFillSync(new Uint8Array(length)) }
    const library = createLibrary({ home })({ clock, random, log, database })
    const shares = createShares({ home })({ clock, random, log, database, library })
    const share = async () => {
      const startMs = performance.now()
      const { id } = await shares.add(path, { visibility })
      const { problem } = await shares.settled(id)
      if (problem !== undefined) throw problem
      const seconds = (performance.now() - startMs) / 1000
      await shares.remove(id)
      return seconds
    }
    const [seconds, againSeconds] = [await share(), await share()]
    await shares.stop()
    await library.stop()
    return { seconds, againSeconds, peakBytes: process.resourceUsage().maxRSS * 1024 }
  } finally {
    database.close()
    rmSync(home, { recursive: true, force: true })
  }
}

/** A fresh process for each run, as sha256sum is one, and so that memory is measured by itself. */
function shareInChild(path: string, visibility: Visibility): Promise<Measure> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--share', path, '--visibility', visibility], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    child.once('message', (measure) => resolve(measure as Measure))
    child.once('exit', (code) => reject(new Error(`the sharing process ended with ${code}`)))
  })
}

function sha256sum(path: string): number {
  const startMs = performance.now()
  execFileSync('sh', ['-c', 'find "$1" -type f -print0 | xargs -0 sha256sum > /dev/null', 'sh', path])
  return (performance.now() - startMs) / 1000
}

/** Rows of the table: what was measured, seconds, ratio to sha256sum, peak memory. */
async function measure(label: string, path: string, runs: number): Promise<string[][]> {
  const sums: number[] = []
  const measures: Record<Visibility, Measure[]> = { public: [], private: [] }
  sha256sum(path)
  for (let run = 0; run < runs; run++) {
    sums.push(sha256sum(path))
    for (const visibility of ['public', 'private'] as const) {
      measures[visibility].push(await shareInChild(path, visibility))
    }
  }
  const base = median(sums)
  const rows = [[label, 'sha256sum', base.toFixed(2), '1.00', '']]
  for (const visibility of ['public', 'private'] as const) {
    const seconds = median(measures[visibility].map((one) => one.seconds))
    const peakMb = Math.max(...measures[visibility].map((one) => one.peakBytes)) / 1e6
    const again = median(measures[visibility].map((one) => one.againSeconds))
    rows.push([label, `share, ${visibility}`, seconds.toFixed(2), (seconds / base).toFixed(2), peakMb.toFixed(0)])
    rows.push([label, `share, ${visibility}, again`, again.toFixed(2), (again / base).toFixed(2), ''])
  }
  return rows
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      bytes: { type: 'string', default: `${2 ** 30}` },
      files: { type: 'string', default: '10000' },
      share: { type: 'string' },
      visibility: { type: 'string', default: 'private' },
    },
  })
  if (values.share !== undefined) {
    const result = await shareOnce(values.share, values.visibility === 'public' ? 'public' : 'private')
    process.send?.(result, () => process.exit(0))
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-bench-share-'))
  try {
    makeBigFile(join(folder, 'big'), Number(values.bytes))
    makeSmallFiles(join(folder, 'small'), Number(values.files))
    const bigLabel = `one file of ${(Number(values.bytes) / 2 ** 30).toFixed(2)} GiB`
    const rows = [
      ...(await measure(bigLabel, join(folder, 'big', 'big.bin'), Number(values.rounds))),
      ...(await measure(`${values.files} small files`, join(folder, 'small'), Number(values.rounds))),
    ]
    console.log(table(['files', 'what', 'seconds', '× sha256sum', 'peak MB'], rows))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
