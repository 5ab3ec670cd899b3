// Accounts that are let in, each by one validator after the other's turn.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { readIsMember } from '../chain/system-contract.ts'
import { quietLog, testAccount } from '../chain/testing.ts'
import { createAdmitter } from './admit.ts'

const newcomer = testAccount(40).address

async function isMember(all: Cluster): Promise<boolean> {
  const chain = all.chain(0)
  const state = chain.state(chain.head().hash)
  return state !== undefined && (await readIsMember(state, newcomer))
}

/** Of the validator whose turn it is after that of one other. */
function second(all: Cluster) {
  const { validators } = all.chain(0).validators()
  const address = validators[(Number(BigInt(newcomer) % BigInt(validators.length)) + 1) % validators.length]
  const machine = all.running().find(({ account }) => account?.address === address)
  assert.ok(machine !== undefined)
  const { number, account } = machine
  const node = { submit: (raw: Uint8Array) => all.node(number).submit(raw) }
  const parts = { chain: all.chain(number), node, clock: all.clock, log: quietLog, secret: account?.secret }
  return createAdmitter(parts)
}

test('whose turn comes second lets in who is still outside', async () => {
  const all = await cluster(4).run()
  const admitter = second(all)
  const admitted = admitter.admit([newcomer])
  await all.pass(10_000)
  assert.deepEqual(await admitted, [newcomer])
  assert.equal(await isMember(all), true)
  admitter.stop()
})

test('who left while a turn was waited for is not let in', async () => {
  const all = await cluster(4).run()
  const admitter = second(all)
  const admitted = admitter.admit([newcomer])
  await all.pass(1_000)
  void admitter.admit([])
  await all.pass(10_000)
  assert.deepEqual(await admitted, [])
  assert.equal(await isMember(all), false)
  admitter.stop()
})
