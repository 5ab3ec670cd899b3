import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { testAccount } from '../chain/testing.ts'
import { recoverAddress, signDigest } from '../evm/crypto.ts'
import { checkRecovery, signRecovery, stateRecovery } from './recovery.ts'
import { decodeRecovery, encodeRecovery, type Recovery } from './recovery-wire.ts'
import type { ValidatorSigner } from './types.ts'

function signerOf(all: Cluster, number: number): ValidatorSigner {
  const account = all.machine(number).account ?? testAccount(5)
  return { address: account.address, sign: (digest) => signDigest(account.secret, digest) }
}

test('two of four are gone for good: those who are left state, sign and check how to go on', async () => {
  const all = await cluster(4).untilHeight(2).synced().crash(2, 3).run()
  const [here, other] = [all.chain(0), all.chain(1)]
  const newcomers = [testAccount(200), testAccount(201)].map(({ address }) => address)
  const statement = stateRecovery(here, [signerOf(all, 0).address, signerOf(all, 1).address, ...newcomers])
  let recovery: Recovery = { statement, signatures: [] }
  assert.throws(() => checkRecovery(recovery, here, recoverAddress), /0 of 4 validators signed; at least 2 have to/)
  recovery = signRecovery(recovery, here, signerOf(all, 0), recoverAddress)
  recovery = signRecovery(decodeRecovery(encodeRecovery(recovery)), other, signerOf(all, 1), recoverAddress)
  // Signing again changes nothing.
  assert.deepEqual(signRecovery(recovery, here, signerOf(all, 0), recoverAddress), recovery)
  const checked = checkRecovery(recovery, other, recoverAddress)
  assert.deepEqual(new Set(checked.signers), new Set([signerOf(all, 0).address, signerOf(all, 1).address]))
  assert.equal(checked.missing.length, 2)
  assert.match(checked.fingerprint, /^([0-9a-f]{4} ){7}[0-9a-f]{4}$/)
  const fresh = { statement: { ...statement, set: { ...statement.set, validators: newcomers } }, signatures: [] }
  assert.notEqual(checkRecovery(signAll(fresh, all, [0, 1]), here, recoverAddress).fingerprint, checked.fingerprint)
})

function signAll(recovery: Recovery, all: Cluster, numbers: readonly number[]): Recovery {
  const sign = (signed: Recovery, number: number) =>
    signRecovery(signed, all.chain(0), signerOf(all, number), recoverAddress)
  return numbers.reduce(sign, recovery)
}

test('what must not be confirmed', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const chain = all.chain(0)
  const statement = stateRecovery(chain, [signerOf(all, 0).address])
  const good = signAll({ statement, signatures: [] }, all, [0, 1])
  checkRecovery(good, chain, recoverAddress)
  const wrong: readonly Recovery[] = [
    { ...good, statement: { ...statement, height: 1 } },
    { ...good, statement: { ...statement, genesisHash: statement.block } },
    { ...good, statement: { ...statement, set: { ...statement.set, epoch: 5 } } },
    { ...good, statement: { ...statement, set: { ...statement.set, validators: [] } } },
    // Signed for something else.
    { ...good, statement: { ...statement, set: { epoch: 1, validators: [testAccount(9).address] } } },
    { ...good, signatures: [...good.signatures, ...good.signatures] },
    signAll(good, all, [2]),
  ]
  for (const one of wrong) {
    assert.throws(() => checkRecovery(one, chain, recoverAddress), { code: 'ledger_recovery_wrong' })
  }
  const stranger = { ...signerOf(all, 0), address: testAccount(5).address }
  assert.throws(() => signRecovery(good, chain, stranger, recoverAddress), /Only validators/)
  assert.throws(() => stateRecovery(chain, []), { code: 'ledger_recovery_wrong' })
  const bytes = encodeRecovery(good)
  assert.deepEqual(decodeRecovery(bytes), good)
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeRecovery(bytes.subarray(0, length)), { code: 'ledger_recovery_wrong' })
  }
})
