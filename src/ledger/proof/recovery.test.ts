// Proof files across a recovery: they hold the statement and say that they rest on it; what was proven before stays so.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recovered, signed, signedBy, stuck } from '../../../test/support/ledger-recovery.ts'
import { testAccount } from '../chain/testing.ts'
import { encodeRecovery, type Recovery } from '../validator/recovery-wire.ts'
import { checkProof } from './check.ts'
import { prove } from './prove.ts'
import { decodeProof, encodeProof } from './wire.ts'

test('a proof that crosses a recovery holds it and says so; another one proves nothing', async () => {
  const all = await stuck()
  const { address } = testAccount(5)
  const before = await prove(all.chain(0), { kind: 'balance', address, height: 2 })
  const recovery = signed(all, [0, 1])
  const other = signed(all, [0, 1], [0, 1, 4])
  await recovered(all, [recovery])
  const [hash] = await all.submit(1, 1)
  await all.until('a block of the new epoch', () => Math.min(...all.heights()) === 3)
  assert.ok(hash !== undefined)
  const file = await prove(all.chain(0), { kind: 'transaction', hash }, [recovery])
  const proven = await checkProof(file)
  const { fingerprint = '', ...rest } = proven.recoveries[0] ?? {}
  assert.deepEqual(rest, { epoch: 1, height: 2, signatures: 2, validators: 4 })
  assert.match(fingerprint, /^([0-9a-f]{4} ){7}[0-9a-f]{4}$/)
  assert.deepEqual([proven.height, proven.validators, proven.recoveries.length], [3, 4, 1])

  // What was final before needs no recovery, whenever it is proven.
  const again = await prove(all.chain(0), { kind: 'balance', address, height: 2 }, [recovery])
  for (const old of [before, again]) assert.deepEqual((await checkProof(old)).recoveries, [])
  await assert.rejects(prove(all.chain(0), { kind: 'transaction', hash }), { code: 'ledger_block_unknown' })

  const proof = decodeProof(file)
  const [step] = proof.epochs
  assert.ok(step !== undefined && encodeProof(proof) === file)
  const forged: readonly (Recovery | undefined)[] = [
    undefined,
    other,
    { ...recovery, signatures: recovery.signatures.slice(1) },
    { ...recovery, signatures: other.signatures },
    signedBy(recovery, [100, 101, 102]),
    signedBy(recovery, [110, 111]),
    { ...recovery, statement: { ...recovery.statement, genesisHash: recovery.statement.block } },
  ]
  for (const one of forged) {
    const epochs = [{ ...step, recovery: one === undefined ? undefined : encodeRecovery(one) }]
    await assert.rejects(checkProof(encodeProof({ ...proof, epochs })), { code: 'ledger_proof_wrong' })
  }
})
