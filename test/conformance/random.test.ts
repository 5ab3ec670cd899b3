import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findEdr } from './edr-binding.ts'

const skip = findEdr() ? false : 'scripts/install-chain-clients.sh has not been run'

test('random transactions of all types leave the same roots, receipts and gas as in EDR', { skip }, async () => {
  const { runRandom } = await import('./random.ts')
  const run = await runRandom({ seed: 11, transactions: 300 })
  assert.ok(run.transactions >= 300)
  assert.ok(run.failed > 30, 'some fail inside the EVM')
  assert.deepEqual(
    run.types.map((count) => count > 0),
    [true, true, true, false, true],
    'blobs are not among them',
  )
})
