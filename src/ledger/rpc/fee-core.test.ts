import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blobBaseFeeOf, nextBaseFee, tipPercentiles } from './fee-core.ts'

test('the base fee moves by at most an eighth, and 0 stays 0', () => {
  const gasLimit = 30_000_000n
  assert.equal(nextBaseFee({ baseFeePerGas: 0n, gasUsed: gasLimit, gasLimit }), 0n)
  assert.equal(nextBaseFee({ baseFeePerGas: undefined, gasUsed: gasLimit, gasLimit }), 0n)
  assert.equal(nextBaseFee({ baseFeePerGas: 800n, gasUsed: gasLimit, gasLimit }), 900n)
  assert.equal(nextBaseFee({ baseFeePerGas: 800n, gasUsed: 0n, gasLimit }), 700n)
  assert.equal(nextBaseFee({ baseFeePerGas: 800n, gasUsed: gasLimit / 2n, gasLimit }), 800n)
  assert.equal(nextBaseFee({ baseFeePerGas: 1n, gasUsed: gasLimit, gasLimit }), 2n)
})

test('blob gas costs its least while there is no excess, and more with it; any excess ends', () => {
  assert.equal(blobBaseFeeOf(undefined), 1n)
  assert.equal(blobBaseFeeOf(0n), 1n)
  // e^(excess / fraction), rounded down.
  assert.equal(blobBaseFeeOf(5_007_716n * 5n), 148n)
  assert.ok(blobBaseFeeOf(2n ** 40n) > 1n)
})

test('tips at percentiles, weighted by gas', () => {
  const paid = [
    { tip: 5n, gasUsed: 10n },
    { tip: 1n, gasUsed: 70n },
    { tip: 9n, gasUsed: 20n },
  ]
  assert.deepEqual(tipPercentiles(paid, [0, 70, 71, 80, 95, 100]), [1n, 1n, 5n, 5n, 9n, 9n])
  assert.deepEqual(tipPercentiles([], [0, 50]), [0n, 0n])
})

test('percentiles never fall', () => {
  const paid = fc.array(fc.record({ tip: fc.bigInt({ min: 0n, max: 99n }), gasUsed: fc.bigInt({ min: 1n, max: 99n }) }))
  fc.assert(
    fc.property(paid, (list) => {
      const tips = tipPercentiles(list, [0, 1, 10, 50, 90, 99.5, 100])
      for (const [at, tip] of tips.entries()) assert.ok(tip >= (tips[at - 1] ?? 0n))
    }),
    { seed: 3 },
  )
})
