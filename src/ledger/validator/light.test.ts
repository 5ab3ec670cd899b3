// A light client: what it believes, and peers that lie to it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { quietLog, testAccount } from '../chain/testing.ts'
import { recoverAddress } from '../evm/crypto.ts'
import type { Hash } from '../types.ts'
import { createLightClient, type LightClient } from './light.ts'
import type { Checkpoint, PeerName } from './types.ts'
import { type Answer, decodeMessage, encodeMessage } from './wire.ts'

const number = 1_000

interface Followed {
  readonly light: LightClient
  readonly blamed: string[]
}

function follow(all: Cluster, peers: readonly number[], checkpoint?: Checkpoint): Followed {
  const { genesis, genesisHash } = all.chain(0)
  const blamed: string[] = []
  const light = createLightClient(checkpoint === undefined ? {} : { checkpoint })({
    ...{ genesis, genesisHash, clock: all.clock, log: quietLog, recover: recoverAddress },
    network: {
      self: `peer-${number}` as PeerName,
      send: (to, bytes) => all.sendAs(number, to, bytes),
      broadcast() {},
      blame: (peer, code) => void blamed.push(`${peer} ${code}`),
    },
  })
  all.others.set(number, light)
  for (const peer of peers) {
    light.connected(`peer-${peer}` as PeerName)
    all.node(peer).connected(`peer-${number}` as PeerName)
  }
  return { light, blamed }
}

async function settled<Result>(all: Cluster, promise: Promise<Result>): Promise<Result> {
  let isDone = false
  const watched = promise.finally(() => {
    isDone = true
  })
  watched.catch(() => {})
  await all.until('an answer', () => isDone)
  return watched
}

/** The first peer's answers of one kind, changed. */
function lie(all: Cluster, kind: Answer['kind'], change: (answer: never) => Answer): void {
  all.tap = (from, to, bytes) => {
    if (from !== 0 || to !== number) return bytes
    const message = decodeMessage(bytes)
    if (message.kind !== 'answer' || message.answer.kind !== kind) return bytes
    return encodeMessage({ ...message, answer: change(message.answer as never) })
  }
}

function flipped(bytes: Uint8Array, at = bytes.length - 3): Uint8Array {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

test('it follows the head, and proves balances and receipts by it', async () => {
  const all = await cluster(4).untilHeight(3).synced().run()
  const { light, blamed } = follow(all, [0, 1])
  await all.until('the head', () => light.head?.height === 3)
  const hashes = await all.submit(1, 1)
  await all.until('the next head', () => light.head?.height === 4)
  assert.equal(light.head?.hash, all.chain(0).head().hash)
  const { address } = testAccount(5)
  const expected = await all.chain(0).state(4)?.account(address)
  const { balance, nonce, height } = await settled(all, light.account(address))
  assert.deepEqual({ balance, nonce, height }, { balance: expected?.balance, nonce: 0n, height: 4 })
  assert.equal((await settled(all, light.account(testAccount(77).address))).balance, 0n)
  const receipt = await settled(all, light.receipt(hashes[0] as Hash))
  assert.deepEqual([receipt.height, receipt.index, receipt.succeeded], [4, 0, true])
  await assert.rejects(settled(all, light.receipt(`0x${'99'.repeat(32)}` as Hash)), { code: 'ledger_nobody_answers' })
  assert.deepEqual(blamed, [])
  const later = follow(all, [2], light.checkpoint()).light
  await all.until('the head again', () => later.head?.height === 4)
})

test('slots of a contract, with proofs', async () => {
  const all = await cluster(4).untilHeight(1).synced().run()
  const { light } = follow(all, [0])
  await all.until('the head', () => light.head?.height === 1)
  const system = '0x00000000000000000000000070656572686f6f64' as never
  const keys = [1, 2, 77].map((slot) => `0x${slot.toString(16).padStart(64, '0')}` as Hash)
  const { slots } = await settled(all, light.account(system, keys))
  assert.deepEqual(slots, await Promise.all(keys.map((key) => all.chain(0).state(1)?.slot(system, key))))
  assert.equal(slots[0], 4n)
})

for (const [name, kind, change, code] of [
  [
    'a header that nobody signed for',
    'headers',
    (answer: Extract<Answer, { kind: 'headers' }>) => ({
      kind: 'headers',
      headers: answer.headers.map((one) => ({ ...one, certificate: flipped(one.certificate, 60) })),
    }),
    'ledger_certificate_invalid',
  ],
  [
    'another header under a certificate',
    'headers',
    (answer: Extract<Answer, { kind: 'headers' }>) => ({
      kind: 'headers',
      headers: answer.headers.map((one) => ({ ...one, header: flipped(one.header, 100) })),
    }),
    'ledger_certificate_invalid',
  ],
  [
    'a balance that is none',
    'account',
    ({ proof }: Extract<Answer, { kind: 'account' }>) => ({
      kind: 'account',
      proof: flipped(proof, proof.length - 40),
    }),
    'ledger_proof_invalid',
  ],
  [
    'a receipt that is none',
    'receipt',
    ({ height, proof }: Extract<Answer, { kind: 'receipt' }>) => ({ kind: 'receipt', height, proof: flipped(proof) }),
    'ledger_proof_invalid',
  ],
] as const) {
  test(`lied to with ${name}: the liar is blamed, another is asked`, async () => {
    const all = await cluster(4).untilHeight(2).synced().run()
    lie(all, kind, change as never)
    const [hash] = await all.submit(1, 1)
    await all.until('it is final', () => Math.min(...all.heights()) === 3)
    const { light, blamed } = follow(all, [0])
    if (kind === 'headers') await all.until('it is blamed', () => blamed.length > 0)
    else await all.until('the head', () => light.head !== undefined)
    light.connected('peer-1' as PeerName)
    all.node(1).connected(`peer-${number}` as PeerName)
    await all.until('the head', () => light.head?.height === 3)
    await all.pass(200)
    assert.ok((await settled(all, light.account(testAccount(5).address))).balance > 0n)
    assert.equal((await settled(all, light.receipt(hash as Hash))).succeeded, true)
    assert.ok(blamed.includes(`peer-0 ${code}`), blamed.join())
    assert.ok(blamed.every((one) => one.startsWith('peer-0 ')))
  })
}
