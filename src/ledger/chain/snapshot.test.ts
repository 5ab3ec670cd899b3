// A newcomer takes in a state instead of executing all blocks: whole, or not at all.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Address } from '../types.ts'
import { openChain } from './service.ts'
import { createSnapshots } from './snapshot.ts'
import { decodeManifest, encodeManifest } from './snapshot-wire.ts'
import { createTestChain, createTestClock, quietLog, signed, type TestChain, testAccount } from './testing.ts'
import type { SnapshotChain } from './types.ts'

/** Runtime code that writes the number of the block into the slot of that number; init code in front. */
const writer = '0x60045f8160095f39f3fe434355' as const

async function withBlocks(count: number): Promise<TestChain> {
  const here = await createTestChain()
  const { chainId } = here.genesis
  const made = await signed(testAccount(0), { chainId, to: null, data: writer, gas: 200_000n })
  await here.chain.pool.add(made, { local: true })
  const first = await here.mine()
  const contract = here.chain.receipts(first.hash)?.[0]?.contractAddress as Address
  for (let nonce = 1; nonce < count; nonce++) {
    const bytes = await signed(testAccount(0), { chainId, nonce, to: contract, gas: 100_000n })
    await here.chain.pool.add(bytes, { local: true })
    await here.mine()
  }
  return here
}

async function offerOf({ chain }: TestChain, everyBlocks = 3) {
  const offer = createSnapshots({ everyBlocks })({
    chain: chain as SnapshotChain,
    clock: createTestClock(),
    log: quietLog,
  })
  await offer.settled()
  const manifest = offer.manifest()
  assert.ok(manifest !== undefined)
  return {
    manifest: decodeManifest(manifest),
    chunk: (index: number) => offer.chunk(offer.height, index),
    height: offer.height,
  }
}

async function newcomer(database = new DatabaseSync(':memory:')) {
  const { genesis } = await createTestChain()
  return { database, chain: await openChain({ genesis })({ database, clock: createTestClock(), log: quietLog }) }
}

test('a snapshot gives the same state, and the chain goes on from it', async () => {
  const here = await withBlocks(5)
  const { manifest, chunk, height } = await offerOf(here)
  assert.equal(height, 5)
  const { chain, database } = await newcomer()
  const finals: number[] = []
  chain.on((event) => event.kind === 'final' && finals.push(event.header.height))
  const install = await chain.install(manifest, [])
  assert.equal(chain.state(chain.genesisHash), undefined, 'a state in pieces is not shown')
  for (const index of manifest.parts.keys()) await install.add((await chunk(index)) ?? new Uint8Array())
  await install.finish()
  assert.deepEqual(finals, [5])
  assert.equal(chain.head().hash, here.chain.head().hash)
  assert.deepEqual(chain.certificate(5), here.chain.certificate(5))
  assert.deepEqual(chain.oldest, { block: 6, state: 5 })
  assert.equal(chain.block(5), undefined)
  assert.equal(chain.header(4)?.hash, here.chain.header(4)?.hash)

  const bytes = await signed(testAccount(1), { chainId: here.genesis.chainId })
  await here.chain.pool.add(bytes, { local: true })
  const block = await here.mine()
  assert.equal((await chain.check(block, { isFinal: true })).ok, true)
  await chain.finalize(block.hash, Uint8Array.of(1))
  assert.deepEqual(chain.oldest, { block: 6, state: 5 })
  await assert.rejects(chain.logs({ fromHeight: 0, toHeight: 6, addresses: [], topics: [] }), {
    code: 'history_pruned',
  })
  await chain.stop()
  const again = await openChain({ genesis: here.genesis })({ database, clock: createTestClock(), log: quietLog })
  assert.equal(again.head().hash, here.chain.head().hash)
})

test('what quotas were used of before a snapshot is not guessed: nothing is judged by it until the next window', async () => {
  const genesis = { quota: { gas: 250_000n, blocks: 100 }, strangerFee: 10n }
  const here = await createTestChain({ genesis })
  const { chainId } = here.genesis
  const free = (nonce: number, gas = 100_000n) => signed(testAccount(0), { chainId, nonce, gas })
  for (const nonce of [0, 1]) {
    await here.chain.pool.add(await free(nonce), { local: true })
    await here.mine()
  }
  const { manifest, chunk } = await offerOf(here, 2)
  const open = async (database = new DatabaseSync(':memory:')) => ({
    database,
    chain: await openChain({ genesis: here.genesis })({ database, clock: here.clock, log: quietLog }),
  })
  const joined = await open()
  const install = await joined.chain.install(manifest, [])
  for (const index of manifest.parts.keys()) await install.add((await chunk(index)) ?? new Uint8Array())
  await install.finish()

  // One that took its empty table for the truth, as nodes did before.
  const forgetful = await open()
  for (const height of [1, 2]) {
    const block = forgetful.chain.decode(here.chain.block(height)?.bytes ?? new Uint8Array())
    assert.ok(block !== undefined && (await forgetful.chain.check(block)).ok)
    await forgetful.chain.finalize(block.hash, Uint8Array.of(1))
  }
  forgetful.database.exec('DELETE FROM chain_quota')
  const { chain: liar } = await open(forgetful.database)
  await liar.pool.add(await free(2), { local: true })
  const tooMuch = await liar.build(liar.head().hash, { epoch: 0, view: 3 })
  const codeOf = async (chain: SnapshotChain, ...args: Parameters<SnapshotChain['check']>) => {
    const verdict = await chain.check(...args)
    return verdict.ok ? 'right' : verdict.code
  }
  assert.equal(await codeOf(here.chain as SnapshotChain, tooMuch), 'block_quota_exceeded')
  assert.equal(await codeOf(joined.chain, tooMuch), 'block_quota_unknown')

  // It proposes nothing free either, also after a restart, and takes what the others made final.
  let { chain } = await open(joined.database)
  await chain.pool.add(await free(2), { local: true })
  assert.equal(chain.pool.hasWork, false)
  assert.equal((await chain.build(chain.head().hash, { epoch: 0, view: 3 })).bytes.length < 700, true)
  await here.chain.pool.add(await free(2, 30_000n), { local: true })
  const right = await here.mine()
  assert.equal(await codeOf(chain, right), 'block_quota_unknown')
  assert.equal(await codeOf(chain, right, { isFinal: true }), 'right')
  await chain.finalize(right.hash, Uint8Array.of(1))
  chain = (await open(joined.database)).chain
  here.clock.advance(100_000)
  await here.chain.pool.add(await free(3), { local: true })
  const next = await here.mine()
  assert.equal(await codeOf(chain, next), 'right')
  await chain.finalize(next.hash, Uint8Array.of(1))
  await chain.pool.add(await free(4, 200_000n), { local: true })
  assert.equal(chain.pool.hasWork, false, 'what is used from then on is counted')
})

test('parts that are not those of the manifest are refused; given up, the chain begins anew', async () => {
  const here = await withBlocks(4)
  const { manifest, chunk } = await offerOf(here)
  const part = (await chunk(0)) ?? new Uint8Array()
  const { chain } = await newcomer()
  const install = await chain.install(manifest, [])
  await assert.rejects(install.add(Uint8Array.of(1)), { code: 'snapshot_refused' })
  await assert.rejects(install.finish(), { code: 'snapshot_refused' })
  await install.abort()
  assert.equal(chain.head().height, 0)
  assert.notEqual(await chain.state(chain.genesisHash)?.account(testAccount(0).address), undefined)
  // Digests that fit what is sent, but not the state root.
  const lie = { ...manifest, header: here.chain.header(4) ?? manifest.header, parts: manifest.parts.slice(0, 1) }
  const second = await chain.install(lie, [])
  await second.add(part)
  await assert.rejects(second.finish(), { code: 'snapshot_wrong' })
  await second.abort()
  await assert.rejects(chain.install({ ...manifest, header: chain.head() }, []), { code: 'snapshot_refused' })
  for (let height = 1; height <= 4; height++) {
    const block = chain.decode(here.chain.block(height)?.bytes ?? new Uint8Array())
    assert.ok(block !== undefined && (await chain.check(block)).ok)
    await chain.finalize(block.hash, Uint8Array.of(1))
  }
  assert.equal(chain.head().hash, here.chain.head().hash)
})

test('a chain that was closed in the middle of a snapshot begins anew', async () => {
  const here = await withBlocks(4)
  const { manifest, chunk } = await offerOf(here)
  const { chain, database } = await newcomer()
  const install = await chain.install(manifest, [])
  await install.add((await chunk(0)) ?? new Uint8Array())
  const again = await openChain({ genesis: here.genesis })({ database, clock: createTestClock(), log: quietLog })
  assert.equal(again.head().hash, again.genesisHash)
  assert.equal((await again.state(0)?.account(testAccount(0).address))?.nonce, 0n)
  const retry = await again.install(manifest, [])
  for (const index of manifest.parts.keys()) await retry.add((await chunk(index)) ?? new Uint8Array())
  await retry.finish()
  assert.equal(again.head().height, 4)
})

test('full blocks bring the next snapshot sooner, but take none from who is fetching it', async () => {
  const here = await withBlocks(2)
  const parts = { chain: here.chain as SnapshotChain, clock: here.clock, log: quietLog }
  const everyGas = here.chain.head().gasUsed * 3n
  const offer = createSnapshots({ everyBlocks: 1_000, everyGas })(parts)
  let nonce = 2
  const mineUntilDue = async () => {
    for (let gas = 0n; gas < everyGas; gas += here.chain.head().gasUsed) {
      const bytes = await signed(testAccount(0), { chainId: here.genesis.chainId, nonce: nonce++ })
      await here.chain.pool.add(bytes, { local: true })
      await here.mine()
    }
    await offer.settled()
  }
  assert.equal(offer.height, 0)
  await mineUntilDue()
  const first = offer.height
  assert.ok(first > 2)
  await mineUntilDue()
  const second = offer.height
  assert.ok(second > first)
  assert.ok((await offer.chunk(second, 0)) !== undefined)
  await mineUntilDue()
  assert.equal(offer.height, second, 'somebody is fetching')
  assert.equal(await offer.chunk(first, 0), undefined)
  here.clock.advance(60_000)
  await mineUntilDue()
  assert.ok(offer.height > second)
  await offer.stop()
  const restarted = createSnapshots({ everyBlocks: 1_000, everyGas })(parts)
  await restarted.settled()
  assert.equal(restarted.height, here.chain.head().height, 'what was executed before a start counts')
})

test('a manifest has one form', async () => {
  const here = await withBlocks(3)
  const { manifest } = await offerOf(here)
  const bytes = encodeManifest(manifest)
  assert.deepEqual(encodeManifest(decodeManifest(bytes)), bytes)
  const wrong = [
    { ...manifest, parts: [] },
    { ...manifest, before: manifest.before.slice(1) },
    { ...manifest, before: [...manifest.before].reverse() },
    { ...manifest, header: manifest.before[0] ?? manifest.header },
    { ...manifest, certificate: new Uint8Array(300_000) },
  ]
  for (const one of wrong) assert.throws(() => decodeManifest(encodeManifest(one)), { code: 'snapshot_refused' })
  assert.throws(() => decodeManifest(new Uint8Array(3_000_000)), { code: 'snapshot_refused' })
  assert.throws(() => decodeManifest(Uint8Array.of(0xc0)), { code: 'snapshot_refused' })
})
