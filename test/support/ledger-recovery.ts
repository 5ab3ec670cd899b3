// A ledger of four that lost two validators for good, for tests: those who are left sign a recovery and go on with it.

import assert from 'node:assert/strict'
import { testAccount } from '../../src/ledger/chain/testing.ts'
import { recoverAddress, signDigest } from '../../src/ledger/evm/crypto.ts'
import { signRecovery, stateRecovery } from '../../src/ledger/validator/recovery.ts'
import { type Recovery, recoveryDigest } from '../../src/ledger/validator/recovery-wire.ts'
import { type Cluster, cluster } from './ledger-cluster.ts'

/** Nodes 0 to 3 validate, 4 and 5 follow; 2 and 3 are gone for good. */
const left = [0, 1, 4, 5]

export async function stuck(): Promise<Cluster> {
  const all = await cluster(4, { snapshotEvery: 2 }).untilHeight(2).synced().run()
  for (const number of [110, 111]) await all.start(all.add(testAccount(number)).number)
  await all.until('they are level', () => Math.min(...all.heights()) === 2)
  all.crash(2)
  all.crash(3)
  return all
}

function addressOf(all: Cluster, number: number) {
  const { account } = all.machine(number)
  assert.ok(account !== undefined)
  return account.address
}

export function signed(all: Cluster, by: readonly number[], next = left): Recovery {
  const chain = all.chain(by[0] ?? 0)
  const statement = stateRecovery(
    chain,
    next.map((number) => addressOf(all, number)),
  )
  return by.reduce<Recovery>(
    (recovery, number) => {
      const { account } = all.machine(number)
      assert.ok(account !== undefined)
      const signer = { address: account.address, sign: (digest: Uint8Array) => signDigest(account.secret, digest) }
      return signRecovery(recovery, all.chain(number), signer, recoverAddress)
    },
    { statement, signatures: [] },
  )
}

/** Every node that is left is opened anew with them. */
export async function recovered(all: Cluster, recoveries: readonly Recovery[], numbers = left): Promise<void> {
  for (const number of numbers) all.crash(number)
  for (const number of numbers) await all.start(number, { recoveries })
}

export function signedBy(recovery: Recovery, accounts: readonly number[]): Recovery {
  const digest = recoveryDigest(recovery.statement)
  return { ...recovery, signatures: accounts.map((number) => signDigest(testAccount(number).secret, digest)) }
}
