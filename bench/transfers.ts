// `npm run bench -- transfers [big|small|big4|small4]… [--rounds N] [--quick]`: the same files from one process to one
// or four others, by Peerhood, by Syncthing, by libtorrent and by the floor, in turn, several rounds; medians and ratios.

import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import type { Contender, Run, Work } from './contenders/contender.ts'
import { floor } from './contenders/floor.ts'
import { libtorrent } from './contenders/libtorrent.ts'
import { peerhood } from './contenders/peerhood.ts'
import { syncthing } from './contenders/syncthing.ts'
import { makeBigFile, makeSmallFiles } from './data.ts'
import { sizeOf } from './processes.ts'
import { median, table } from './table.ts'

const mebibyte = 1 << 20
const gibibyte = 1 << 30
const contenders: readonly Contender[] = [
  peerhood('private'),
  peerhood('public'),
  syncthing,
  libtorrent('plain'),
  libtorrent('rc4'),
  floor,
]

/** One hash over names and contents, so that a contender that delivers something else is found out. */
async function fingerprint(folder: string): Promise<string> {
  const sum = createHash('sha256')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  for (const file of files) {
    const content = createHash('sha256')
    await pipeline(createReadStream(file, { highWaterMark: mebibyte }), content)
    sum.update(relative(folder, file)).update(content.digest())
  }
  return sum.digest('hex')
}

// Nothing is deleted before the end: ext4 steps over every inode that was deleted in the last minutes when it makes a new
// one (`recently_deleted` in fs/ext4/ialloc.c), so whoever runs after a clean-up would pay for it with seconds.
const scratches: string[] = []

async function runOnce(contender: Contender, source: string, copies: number, expected: string): Promise<Run> {
  const scratch = mkdtempSync(join(tmpdir(), 'peerhood-bench-'))
  scratches.push(scratch)
  try {
    const work: Work = { source, ...sizeOf(source), scratch, copies }
    const run = await contender.run(work)
    for (const result of run.results) {
      if ((await fingerprint(result)) !== expected) throw new Error(`${contender.name} delivered something else`)
    }
    return run
  } finally {
    rmSync(join(source, '.stfolder'), { recursive: true, force: true })
  }
}

async function measure(title: string, source: string, copies: number, rounds: number): Promise<void> {
  const { files, bytes } = sizeOf(source)
  console.log(`\n## ${title}: ${files} files, ${(bytes / mebibyte).toFixed(0)} MiB, ${rounds} rounds, medians`)
  const expected = await fingerprint(source)
  const runs = new Map<Contender, Run[]>()
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      if (contender.missing() !== undefined) continue
      const run = await runOnce(contender, source, copies, expected)
      runs.set(contender, [...(runs.get(contender) ?? []), run])
      process.stderr.write(`  ${contender.name}: ${run.seconds.toFixed(2)} s\n`)
    }
  }
  const own = median((runs.get(contenders[0] as Contender) ?? []).map((run) => run.seconds))
  const rows = contenders.map((contender) => {
    const all = runs.get(contender)
    if (all === undefined) return [contender.name, contender.missing() ?? '', '', '', '', '', '']
    const of = (pick: (run: Run) => number) => median(all.map(pick))
    const seconds = of((run) => run.seconds)
    return [
      contender.name,
      seconds.toFixed(2),
      (bytes / 1e6 / seconds).toFixed(0),
      `${(seconds / own).toFixed(2)} ×`,
      of((run) => run.source.cpuSeconds + run.copy.cpuSeconds).toFixed(1),
      (of((run) => run.source.memoryMaxBytes) / 1e6).toFixed(0),
      (of((run) => run.copy.memoryMaxBytes) / 1e6).toFixed(0),
    ]
  })
  const header = ['contender', 'seconds', 'MB/s', 'time ÷ ours', 'CPU s', 'source MB', 'copy MB']
  console.log(table(header, rows))
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, quick: { type: 'boolean', default: false } },
})
const scale = values.quick ? 8 : 1
const data = mkdtempSync(join(tmpdir(), 'peerhood-bench-data-'))
const works: Record<string, () => Promise<void>> = {
  big: () => measure('One file, one to one', join(data, 'big'), 1, Number(values.rounds)),
  small: () => measure('Small files, one to one', join(data, 'small'), 1, Number(values.rounds)),
  big4: () => measure('One file, one to four', join(data, 'big'), 4, Number(values.rounds)),
  small4: () => measure('Small files, one to four', join(data, 'small'), 4, Number(values.rounds)),
}
try {
  makeBigFile(join(data, 'big'), gibibyte / scale)
  makeSmallFiles(join(data, 'small'), 10_000 / scale)
  for (const name of positionals.length > 0 ? positionals : Object.keys(works)) {
    const work = works[name]
    if (work === undefined) throw new Error(`no such work: ${name} (${Object.keys(works).join(', ')})`)
    await work()
  }
} finally {
  for (const folder of [data, ...scratches]) rmSync(folder, { recursive: true, force: true })
}
