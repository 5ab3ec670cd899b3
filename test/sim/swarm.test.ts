// Swarms in seeded worlds, a few seeds each; `node test/sim/run.ts --seeds N` tries more. A failure names its seed and
// the command that replays it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scenarios } from './scenarios.ts'

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`swarm: ${name}`, async () => {
    for (const seed of ['ci-1', 'ci-2']) {
      try {
        await scenario(seed)
      } catch (cause) {
        throw new Error(`seed ${seed}; replay: SIM_LOG=1 node test/sim/run.ts --scenario ${name} --seed ${seed}`, {
          cause,
        })
      }
    }
  })
}

test('the same seed gives the same trace, another seed another', async () => {
  const { lossy } = scenarios
  assert.ok(lossy !== undefined)
  const first = await lossy('trace')
  assert.deepEqual(await lossy('trace'), first)
  assert.notEqual((await lossy('another')).trace, first.trace)
})
