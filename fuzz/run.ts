// `npm run fuzz [-- --target NAME --runs N --seed S --minutes M]`: every decoder, or one, for as long as one likes. What
// it finds is made as short as it gets and written to test/vectors/fuzz, where the tests run it first from then on.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { toHex } from '../src/base/bytes.ts'
import { type Find, runTarget, shrink, vectorName } from './engine.ts'
import { targets } from './registry.ts'
import { runsInCi, type Target } from './target.ts'
import { vectorsOf } from './vectors.ts'

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    runs: { type: 'string', default: String(runsInCi * 10) },
    seed: { type: 'string', default: new Date().toISOString() },
    minutes: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target)
if (chosen.length === 0) throw new Error(`There is no target ${values.target}; --list says which there are.`)
// Where an error was made is of no use here, and takes most of the time.
Error.stackTraceLimit = 0
const finds: Find[] = []

async function fuzz(target: Target, runs: number, seed: string): Promise<void> {
  const startMs = performance.now()
  const {
    runs: done,
    accepted,
    refusals,
    find,
    slowest,
  } = await runTarget(target, { seed, runs, now: () => performance.now() })
  const rate = Math.round((done * 1000) / (performance.now() - startMs))
  const share = `${Math.round((100 * accepted) / done)} % read, ${refusals} refusals`
  const slow = `slowest ${slowest.ms.toFixed(1)} ms (${slowest.bytes} bytes)`
  console.log(`${target.name.padEnd(20)} ${String(rate).padStart(7)} runs/s   ${share.padEnd(24)} ${slow}`)
  if (find !== undefined) await keep(target, find)
}

async function keep(target: Target, find: Find): Promise<void> {
  const { input, reason } = await shrink(target, find)
  const folder = join(vectorsOf(target.name))
  const file = join(folder, `${vectorName(input)}.hex`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${toHex(input)}\n`)
  finds.push({ ...find, input, reason })
  console.log(`  FOUND after ${find.input.length} bytes, ${input.length} when shrunk: ${reason}\n  kept as ${file}`)
}

if (values.list) {
  for (const { name, covers } of targets) console.log(`${name.padEnd(20)} ${covers.join(', ')}`)
} else {
  const endMs = values.minutes === undefined ? 0 : Date.now() + Number(values.minutes) * 60_000
  for (let round = 0; round === 0 || Date.now() < endMs; round++) {
    const seed = `${values.seed}/${round}`
    console.log(`seed ${seed}`)
    for (const target of chosen) {
      if (round > 0 && Date.now() > endMs) break
      // Where signatures dominate a target has its share of the runs.
      await fuzz(target, Math.ceil((Number(values.runs) * target.runs) / runsInCi), seed)
    }
  }
  console.log(finds.length === 0 ? 'Nothing found.' : `${finds.length} found.`)
  process.exitCode = finds.length === 0 ? 0 : 1
}
