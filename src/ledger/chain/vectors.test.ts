// test/vectors/ledger: a genesis and its block 0, blocks that follow, blocks that must be refused, as docs/protocol/chain.md has
// them. They change only with the protocol's version.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { hashTypedData } from 'viem'
import { fromHex, toHex } from '../../base/bytes.ts'
import { decodeGenesis, encodeGenesis } from './genesis-wire.ts'
import { decodePlace } from './header-wire.ts'
import { encodeReceipts } from './receipts-wire.ts'
import { openChain } from './service.ts'
import { decodeManifest, encodeManifest } from './snapshot-wire.ts'
import { specOf } from './spec.ts'
import { systemAddress } from './system-contract.ts'
import { createTestClock, quietLog } from './testing.ts'
import { transactionHash } from './transaction-wire.ts'

const folder = join(import.meta.dirname, '../../../test/vectors/ledger')
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const bytesOf = (hex: string) => fromHex(hex) ?? assert.fail('vectors are lower-case hex')
const vector = read('genesis.json')
const rest = read('chain.json')

const open = () =>
  openChain({ genesis: decodeGenesis(bytesOf(vector.genesis)) })({
    database: new DatabaseSync(':memory:'),
    clock: createTestClock(),
    log: quietLog,
  })

test('the genesis, and block 0 that follows from it', async () => {
  const genesis = decodeGenesis(bytesOf(vector.genesis))
  assert.equal(toHex(encodeGenesis(genesis)), vector.genesis)
  assert.equal(specOf(genesis).digest, vector.digest)
  const chain = await open()
  assert.equal(chain.head().stateRoot, vector.stateRoot)
  assert.equal(toHex(chain.head().bytes), vector.header)
  assert.equal(chain.genesisHash, vector.hash)
})

test('blocks that follow are right, and say what the vectors say of them', async () => {
  const chain = await open()
  for (const one of rest.blocks) {
    const block = chain.decode(bytesOf(one.bytes))
    assert.ok(block !== undefined)
    const { hash, height, epoch, view } = block
    assert.deepEqual(
      [hash, height, epoch, view, block.nextSetHash ?? null],
      [one.hash, one.height, one.epoch, one.view, one.nextSetHash],
    )
    const verdict = await chain.check(block)
    assert.deepEqual(verdict.ok || verdict.sentence, true)
    await chain.finalize(hash, Uint8Array.of(1))
    const full = chain.block(hash)
    const receipts = chain.receipts(hash) ?? []
    assert.deepEqual(full?.senders, one.senders)
    assert.deepEqual(
      full?.transactions.map(transactionHash),
      one.transactions.map((each: { hash: string }) => each.hash),
    )
    assert.deepEqual(
      receipts.map(({ gasUsed }) => Number(gasUsed)),
      one.gasUsed,
    )
    assert.equal(toHex(encodeReceipts(receipts)), one.stored)
    assert.deepEqual(decodePlace(full?.header.extraData ?? new Uint8Array()), full?.header.place)
  }
})

test('what is refused is refused for what the vectors say', async () => {
  const chain = await open()
  for (const { code, bytes } of rest.refused) {
    const block = chain.decode(bytesOf(bytes))
    assert.ok(block !== undefined)
    const verdict = await chain.check(block)
    assert.equal(verdict.ok || verdict.code, code)
  }
})

test('a change of validators is signed over the digest of the vectors', () => {
  const { epoch, validators, digest } = rest.validatorChange
  const { chainId } = decodeGenesis(bytesOf(vector.genesis))
  const made = hashTypedData({
    domain: { name: 'Peerhood', version: '1', chainId, verifyingContract: systemAddress },
    primaryType: 'ValidatorChange',
    types: {
      ValidatorChange: [
        { name: 'epoch', type: 'uint64' },
        { name: 'validators', type: 'address[]' },
      ],
    },
    message: { epoch: BigInt(epoch), validators },
  })
  assert.equal(made, digest)
})

test('the manifest of a snapshot is read and written the same', () => {
  const manifest = decodeManifest(bytesOf(rest.manifest))
  assert.equal(toHex(encodeManifest(manifest)), rest.manifest)
  assert.equal(manifest.header.hash, rest.blocks[manifest.header.height - 1].hash)
})
