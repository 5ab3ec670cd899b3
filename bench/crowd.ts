// `npm run bench -- crowd [--peers 200] [--blocks 256] [--seeds a,b] [--up 50]`: how near a crowd comes to the fluid limit
// (test/sim/crowd.ts) in the simulator: real transfer code over a simulated network, blocks of 1 MiB, uplinks of 10 to 100 Mbit/s.
// A fifth of the peers leaves in the middle and a twentieth lies. Fails when a bound is broken. Takes minutes a seed.

import { parseArgs } from 'node:util'
import { crowd } from '../test/sim/crowd.ts'
import { median, table } from './table.ts'

const ratioMax = 1.25
const seedCopiesMax = 1.5

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '200' },
    blocks: { type: 'string', default: '256' },
    seeds: { type: 'string', default: 'a,b,c' },
    /** The seed's uplink in Mbit/s. */
    up: { type: 'string', default: '50' },
  },
})

const rows: string[][] = []
let isBroken = false
for (const seed of values.seeds.split(',')) {
  const startMs = performance.now()
  const options = { seed, peers: Number(values.peers), blocks: Number(values.blocks), blockBytes: 1 << 20 }
  const result = await crowd({ ...options, seedUp: Number(values.up) })
  const ratios = result.doneMs.map((doneMs) => doneMs / result.limitMs)
  const last = Math.max(...ratios)
  isBroken ||= last > ratioMax || result.seedCopies >= seedCopiesMax || result.honestBlamed.length > 0
  rows.push([
    seed,
    (result.limitMs / 1000).toFixed(1),
    last.toFixed(3),
    median(ratios).toFixed(3),
    result.seedCopies.toFixed(2),
    String(result.honestBlamed.length),
    `${result.liarsBlamed} of ${result.liarsHeard}, ${result.liars} in all`,
    result.sentPerKept.toFixed(3),
    ((performance.now() - startMs) / 1000).toFixed(0),
  ])
  process.stderr.write(`  ${seed}: ${last.toFixed(3)} × the limit\n`)
}
const header = [
  'seed',
  'limit, s',
  'last ×',
  'median ×',
  'copies by the seed',
  'honest blamed',
  'liars blamed of those heard',
  'sent for each kept',
  'took, s',
]
console.log(table(header, rows))
process.exitCode = isBroken ? 1 : 0
