// Tries scenarios with many seeds: node test/sim/run.ts [--seeds N] [--seed S] [--scenario NAME]. Prints each failure with
// the command that replays it; SIM_LOG=1 shows what happens.

import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, seed: { type: 'string' }, scenario: { type: 'string' } },
})
const seeds =
  values.seed === undefined ? Array.from({ length: Number(values.seeds) }, (_, i) => `s${i}`) : [values.seed]
const chosen = Object.entries(scenarios).filter(([name]) => values.scenario === undefined || name === values.scenario)

let failures = 0
for (const [name, scenario] of chosen) {
  for (const seed of seeds) {
    const began = performance.now()
    try {
      const { elapsedMs, seedCopies, trace } = await scenario(seed)
      const took = (performance.now() - began).toFixed(0)
      console.log(
        `ok ${name} ${seed}: ${elapsedMs.toFixed(0)} virtual ms, ${seedCopies.toFixed(2)} copies, ${trace.slice(0, 8)}, ${took} ms`,
      )
    } catch (error) {
      failures++
      console.log(`FAILED ${name} ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
      console.log(`  replay: SIM_LOG=1 node test/sim/run.ts --scenario ${name} --seed ${seed}`)
    }
  }
}
process.exitCode = failures === 0 ? 0 : 1
