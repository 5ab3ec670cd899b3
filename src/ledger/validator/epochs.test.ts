// Sets that change: a validator that contradicts itself is put out by its own signatures, and everyone follows.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFunctionData } from 'viem'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { systemAbi } from '../chain/system-contract.ts'
import { quietLog } from '../chain/testing.ts'
import type { Vote } from '../consensus/types.ts'
import { encodeEvidence, voteDigest } from '../consensus/vote-wire.ts'
import { recoverAddress, signDigest } from '../evm/crypto.ts'
import type { Hash } from '../types.ts'
import { createLightClient } from './light.ts'
import { removalCall } from './removal.ts'
import type { PeerName } from './types.ts'
import { encodeMessage } from './wire.ts'

function contradictionOf(all: Cluster, liar: number): { first: Vote; second: Vote } {
  const { account } = all.machine(liar)
  if (account === undefined) throw new Error('assertion failed: it has a key')
  const vote = (digit: string): Vote => {
    const block = `0x${digit.repeat(64)}` as Hash
    const ballot = { kind: 'notarize', epoch: 0, view: 40, block } as const
    const signature = signDigest(account.secret, voteDigest(all.chain(0).genesisHash, ballot))
    return { ...ballot, validator: all.genesis.validators.indexOf(account.address), signature }
  }
  return { first: vote('a'), second: vote('b') }
}

test('the call to the system contract is what the ABI says', async () => {
  const all = await cluster(1).run()
  const { first, second } = contradictionOf(all, 0)
  const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const
  const about = ({ block, signature }: Vote) => ({ kind: 1, blockHash: block, signature: hex(signature) })
  const args = [all.chain(0).genesisHash, 0n, 40n, about(first), about(second)]
  const expected = encodeFunctionData({ abi: systemAbi, functionName: 'removeEquivocator', args } as never)
  assert.equal(hex(removalCall(all.chain(0).genesisHash, { first, second })), expected)
})

test('five validators, one is put out: a new epoch begins, and newcomers and light clients follow it', async () => {
  const all = await cluster(5, { snapshotEvery: 4 }).untilHeight(2).synced().run()
  const liar = all.machine(4).account?.address
  const evidence = encodeMessage({ kind: 'evidence', bytes: encodeEvidence(contradictionOf(all, 4)) })
  all.node(1).received('peer-0' as PeerName, evidence)
  await all.until('the new epoch', () => all.running().every(({ node }) => node?.status().epoch === 1))
  for (const { chain } of all.running()) assert.equal(chain?.validators().validators.includes(liar as never), false)
  assert.equal(all.status(0).validators.length, 4)
  // Four go on, and bear one that is gone.
  all.crash(3)
  let height = Math.max(...all.heights())
  for (let more = 0; more < 5; more++) {
    await all.submit(1, 0)
    await all.until('a block of the new epoch', () => Math.min(...all.heights()) > height)
    height = Math.min(...all.heights())
  }
  await all.start(3)
  const byBlocks = all.add()
  await all.start(byBlocks.number)
  const bySnapshot = all.add()
  await all.start(bySnapshot.number, { snapshotAfter: 3 })
  await all.until('all are level', () => new Set(all.heights()).size === 1)
  all.agree()
  assert.equal(all.chain(bySnapshot.number).validators().epoch, 1)
  assert.ok(all.chain(bySnapshot.number).epochEnd(0))

  const { genesis, genesisHash } = all.chain(0)
  const light = createLightClient()({
    ...{ genesis, genesisHash, clock: all.clock, log: quietLog, recover: recoverAddress },
    network: {
      self: 'peer-1000' as PeerName,
      send: (to, bytes) => all.sendAs(1_000, to, bytes),
      broadcast() {},
      blame: (_, code) => assert.fail(code),
    },
  })
  all.others.set(1_000, light)
  light.connected('peer-0' as PeerName)
  all.node(0).connected('peer-1000' as PeerName)
  await all.until('the head', () => light.head?.hash === all.chain(0).head().hash)
  assert.equal(light.set.epoch, 1)
})
