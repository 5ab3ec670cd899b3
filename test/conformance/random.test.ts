import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runRandom } from './random.ts'

test('random transactions of all types leave the same roots, receipts and gas as in EDR', async () => {
  const run = await runRandom({ seed: 11, transactions: 300 })
  assert.ok(run.transactions >= 300)
  assert.ok(run.failed > 30, 'some fail inside the EVM')
  assert.deepEqual(
    run.types.map((count) => count > 0),
    [true, true, true, false, true],
    'blobs are not among them',
  )
})
