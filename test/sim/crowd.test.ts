// A crowd against the fluid limit, smaller than `npm run bench -- crowd` (200 peers): the same bounds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { crowd } from './crowd.ts'
import { fluidLimitMs } from './fluid.ts'

const ratioMax = 1.25
const seedCopiesMax = 1.5

test('a crowd is done within 1.25 × of the fluid limit, and nobody honest is blamed', async () => {
  const seed = 'crowd-1'
  const result = await crowd({ seed, peers: 20, blocks: 96, blockBytes: 1 << 20, seedUp: 30 })
  const ratio = Math.max(...result.doneMs) / result.limitMs
  const replay = `node bench/crowd.ts --peers 20 --blocks 96 --up 30 --seeds ${seed}`
  assert.deepEqual(result.honestBlamed, [], replay)
  assert.ok(ratio <= ratioMax, `${ratio.toFixed(3)} × the limit; ${replay}`)
  assert.ok(result.seedCopies < seedCopiesMax, `${result.seedCopies.toFixed(2)} copies; ${replay}`)
  assert.deepEqual([result.liarsHeard, result.liarsBlamed], [result.liars, result.liars], replay)
})

test('the fluid limit is that of Kumar and Ross while nobody leaves', () => {
  const rate = fc.integer({ min: 1, max: 1_000_000 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000_000 }),
      rate,
      fc.array(fc.record({ up: rate, down: rate, leavesMs: fc.constant(undefined) }), { minLength: 1, maxLength: 20 }),
      (bytes, seedUp, peers) => {
        const all = seedUp + peers.reduce((sum, { up }) => sum + up, 0)
        const expected = Math.max(
          bytes / seedUp,
          bytes / Math.min(...peers.map(({ down }) => down)),
          (peers.length * bytes) / all,
        )
        const limit = fluidLimitMs(bytes, seedUp, peers) / 1000
        assert.ok(Math.abs(limit - expected) <= 1e-9 * expected)
      },
    ),
    { seed: 20, numRuns: 200 },
  )
})

test('a peer that leaves takes its uplink with it, and its part of what is sent', () => {
  const stays = { up: 10, down: 1_000, leavesMs: undefined }
  // Both receive (100 + 10 + 30) / 2 = 70 a second for one second, then the other 110 / 1, but no more than the seed sends.
  assert.equal(fluidLimitMs(170, 100, [stays, { up: 30, down: 1_000, leavesMs: 1_000 }]), 2_000)
  // Who leaves after the end changes nothing.
  assert.equal(fluidLimitMs(70, 100, [stays, { up: 30, down: 1_000, leavesMs: 5_000 }]), 1_000)
})
