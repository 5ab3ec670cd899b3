// Encodings: what is written is read again, what is read was written so, and nothing but the codes of the folder is thrown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RLP } from '@ethereumjs/rlp'
import fc from 'fast-check'
import { isPeerhoodError } from '../../base/errors.ts'
import * as consensusLimit from '../consensus/limits.ts'
import type { Address, Hash } from '../types.ts'
import { decodeBlock, decodeOuter } from './block-wire.ts'
import { blockOf, restOf } from './body-core.ts'
import { decodeGenesis, encodeGenesis } from './genesis-wire.ts'
import { decodeHeader, decodePlace, encodeHeader, encodePlace } from './header-wire.ts'
import * as limit from './limits.ts'
import { decodeRlp, encodeRlp, type RlpItem } from './rlp-wire.ts'
import { specOf, zeroAddress } from './spec.ts'
import { signed, testAccount, testGenesis } from './testing.ts'
import { decodeTransaction } from './transaction-wire.ts'
import type { Genesis, HeaderFields } from './types.ts'

const seeded = { seed: 5, numRuns: 200 }
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const hash = bytesOf(32).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}` as Hash)
const address = bytesOf(20).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}` as Address)

const item: fc.Arbitrary<RlpItem> = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof({ maxDepth: 4 }, fc.uint8Array({ maxLength: 70 }), fc.array(tie('item'), { maxLength: 6 })),
})).item

function plain(value: RlpItem): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value.map(plain)
}

test('limits that consensus knows too are the same', () => {
  assert.equal(consensusLimit.blockBytesMax, limit.blockBytesMax)
  assert.equal(consensusLimit.validatorsMax, limit.validatorsMax)
})

test('RLP is read as it was written, by us and by ethereumjs', () => {
  fc.assert(
    fc.property(item, (value) => {
      const bytes = encodeRlp(value)
      assert.deepEqual(plain(decodeRlp(bytes) as RlpItem), plain(value))
      assert.deepEqual(plain(RLP.decode(bytes) as RlpItem), plain(value))
    }),
    seeded,
  )
})

test('RLP that is read is written again byte by byte', () => {
  const near = fc.tuple(item, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
    const bytes = Uint8Array.from(encodeRlp(value))
    bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      const read = decodeRlp(bytes)
      if (read !== undefined) assert.deepEqual(Buffer.from(encodeRlp(read)), Buffer.from(bytes))
    }),
    { seed: 5, numRuns: 2_000 },
  )
})

test('lists that are nested without end cost nothing', () => {
  const deep = new Uint8Array(100_000).fill(0xc1)
  assert.equal(decodeRlp(deep), undefined)
})

test('a place has one encoding', () => {
  const number = fc.nat(2 ** 31).map((value) => value * 65_536 + (value % 7))
  fc.assert(
    fc.property(number, number, fc.option(hash, { nil: undefined }), (epoch, view, nextSetHash) => {
      const place = { epoch, view, nextSetHash }
      assert.deepEqual(decodePlace(encodePlace(place)), place)
    }),
    seeded,
  )
  const bytes = encodePlace({ epoch: 1, view: 2, nextSetHash: undefined })
  assert.equal(decodePlace(bytes.subarray(1)), undefined)
  assert.equal(decodePlace(Uint8Array.from([...bytes, 0])), undefined)
  assert.equal(decodePlace(Uint8Array.from([2, ...bytes.subarray(1)])), undefined)
})

const big = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const headerFields: fc.Arbitrary<HeaderFields> = fc
  .record(
    {
      parentHash: hash,
      unclesHash: hash,
      coinbase: address,
      stateRoot: hash,
      transactionsRoot: hash,
      receiptsRoot: hash,
      logsBloom: bytesOf(256),
      difficulty: big,
      number: big,
      gasLimit: big,
      gasUsed: big,
      timestamp: big,
      extraData: fc.uint8Array({ maxLength: 60 }),
      mixHash: hash,
      nonce: bytesOf(8),
      baseFeePerGas: big,
      withdrawalsRoot: hash,
      blobGasUsed: big,
      excessBlobGas: big,
      parentBeaconBlockRoot: hash,
      requestsHash: hash,
    },
    { noNullPrototype: true },
  )
  .chain((all) => fc.constantFrom(15, 16, 17, 20, 21).map((count) => firstFields(all, count)))

function firstFields(all: HeaderFields, count: number): HeaderFields {
  return Object.fromEntries(Object.entries(all).slice(0, count)) as unknown as HeaderFields
}

test('headers of every fork are read as they were written', () => {
  fc.assert(
    fc.property(headerFields, (fields) => {
      assert.deepEqual(decodeHeader(encodeHeader(fields)), fields)
    }),
    seeded,
  )
})

const genesis: fc.Arbitrary<Genesis> = fc.record(
  {
    chainId: fc.integer({ min: 1, max: limit.chainIdMax }),
    name: fc.constantFrom('a', 'Ein Dorf', '村'),
    timestamp: fc.nat(),
    validators: fc.uniqueArray(address, { minLength: 1, maxLength: 5 }).map((list) => [...list].sort()),
    members: fc.uniqueArray(address, { maxLength: 5 }).map((list) => [...list].sort()),
    balances: fc
      .uniqueArray(address, { maxLength: 5 })
      .map((list) => [...list].sort().map((one, at) => ({ address: one, wei: 10n ** BigInt(at * 9) }))),
    coin: fc.constant({ name: 'Coin', symbol: 'C' }),
    blockGasLimit: fc.bigInt({ min: limit.blockGasLimitMin, max: limit.blockGasLimitMax }),
    blockTimeMs: fc.integer({ min: limit.blockTimeMsMin, max: limit.blockTimeMsMax }),
    quota: fc.record(
      { gas: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), blocks: fc.integer({ min: 1, max: 1_000 }) },
      { noNullPrototype: true },
    ),
    strangerFee: fc.option(fc.bigInt({ min: 0n, max: limit.weiMax }), { nil: undefined }),
  },
  { noNullPrototype: true },
)

test('a genesis is read as it was written, whatever the order of its lists', () => {
  fc.assert(
    fc.property(genesis, (value) => {
      const bytes = encodeGenesis(value)
      assert.deepEqual(decodeGenesis(bytes), value)
      const turned = { ...value, validators: [...value.validators].reverse(), balances: [...value.balances].reverse() }
      assert.deepEqual(encodeGenesis(turned), bytes)
    }),
    seeded,
  )
})

test('a genesis that breaks a rule is refused', () => {
  const wrong: Partial<Genesis>[] = [
    { validators: [] },
    { validators: [zeroAddress] },
    { members: [zeroAddress] },
    { chainId: 0 },
    { chainId: limit.chainIdMax + 1 },
    { name: '' },
    { name: 'a\u202eb' },
    { name: 'x'.repeat(limit.nameCharactersMax + 1) },
    { coin: { name: 'Coin', symbol: 'x'.repeat(limit.coinSymbolCharactersMax + 1) } },
    { blockGasLimit: limit.blockGasLimitMin - 1n },
    { blockGasLimit: limit.blockGasLimitMax + 1n },
    { blockTimeMs: limit.blockTimeMsMin - 1 },
    { blockTimeMs: limit.blockTimeMsMax + 1 },
    { quota: { gas: 1n, blocks: 0 } },
    { quota: { gas: 1n, blocks: limit.quotaBlocksMax + 1 } },
    { balances: [{ address: testAccount(0).address, wei: limit.weiMax + 1n }] },
    { validators: addresses(limit.validatorsMax + 1) },
    { members: addresses(limit.genesisMembersMax + 1) },
    { balances: addresses(limit.genesisBalancesMax + 1).map((one) => ({ address: one, wei: 1n })) },
    { contracts: [contract(limit.codeBytesMax + 1, 0)] },
    { contracts: [contract(1, limit.genesisSlotsMax + 1)] },
    {
      contracts: addresses(limit.genesisContractsMax + 1).map((one) => ({ ...contract(1, 0), address: one })),
    },
    // Each within its limit, together too long for an entry of the log.
    { contracts: [1, 2, 3].map((at) => ({ ...contract(limit.codeBytesMax, 0), address: testAccount(at).address })) },
  ]
  for (const change of wrong) {
    assert.throws(
      () => encodeGenesis(testGenesis(change)),
      { code: 'genesis_malformed' },
      JSON.stringify(Object.keys(change)),
    )
  }
  encodeGenesis(
    testGenesis({ validators: addresses(limit.validatorsMax), members: addresses(limit.genesisMembersMax) }),
  )
})

function addresses(count: number): Address[] {
  return Array.from({ length: count }, (_, at) => `0x${(at + 1).toString(16).padStart(40, '0')}` as Address)
}

function contract(codeBytes: number, slots: number) {
  const code = new Uint8Array(codeBytes).fill(1)
  const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}` as Hash
  return {
    address: testAccount(9).address,
    code,
    slots: Array.from({ length: slots }, (_, at) => [word(at), 1n] as const),
  }
}

/** Throws what is no code of these. */
function onlyCodes(run: () => unknown, codes: readonly string[]): void {
  try {
    run()
  } catch (error) {
    if (!isPeerhoodError(error) || !codes.includes(error.code)) throw error
  }
}

const changed = (source: Uint8Array) =>
  fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = Uint8Array.from(source)
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte
    return bytes
  })

test('a changed genesis is refused by its code, or is another one in its only form', () => {
  const source = encodeGenesis(testGenesis())
  fc.assert(
    fc.property(fc.oneof(changed(source), fc.uint8Array({ maxLength: 100 })), (bytes) => {
      onlyCodes(
        () => assert.deepEqual(Buffer.from(encodeGenesis(decodeGenesis(bytes))), Buffer.from(bytes)),
        ['genesis_malformed'],
      )
    }),
    { seed: 5, numRuns: 1_000 },
  )
})

const spec = specOf(testGenesis())

test('a changed transaction is refused by a code, or is another one in its only form', async () => {
  for (const type of [0, 1, 2, 4] as const) {
    const source = await signed(testAccount(0), { chainId: spec.genesis.chainId, type })
    assert.equal(decodeTransaction(source, spec.common).type, type)
    fc.assert(
      fc.property(changed(source), (bytes) => {
        const codes = ['malformed', 'too_long', 'type_refused', 'unsigned', 'other_chain'].map(
          (one) => `transaction_${one}`,
        )
        onlyCodes(() => {
          const read = decodeTransaction(bytes, spec.common)
          assert.deepEqual(Buffer.from(read.serialize()), Buffer.from(bytes))
        }, codes)
      }),
      seeded,
    )
  }
  const long = new Uint8Array(limit.transactionBytesMax + 1).fill(2)
  assert.throws(() => decodeTransaction(long, spec.common), { code: 'transaction_too_long' })
})

test('a changed block is refused by a code', async () => {
  const transaction = await signed(testAccount(0), { chainId: spec.genesis.chainId, type: 2 })
  const fields = {
    ...spec.block0,
    stateRoot: spec.digest,
    number: 1n,
    extraData: encodePlace({ epoch: 0, view: 1, nextSetHash: undefined }),
  }
  const header = encodeHeader(fields)
  const rest = [encodeRlp([transaction]), Uint8Array.of(0xc0), Uint8Array.of(0xc0)]
  const block = blockOf(header, Buffer.concat(rest))
  const reading = { ours: true, bytesMax: limit.blockBytesMax, commonAt: () => spec.common }
  assert.equal(decodeBlock(block, reading).transactions.length, 1)
  assert.deepEqual(Buffer.from(restOf(block, header)), Buffer.concat(rest))
  fc.assert(
    fc.property(changed(block), (bytes) => {
      const codes = ['block_malformed', 'block_too_long', 'transaction_malformed', 'transaction_too_long']
      onlyCodes(
        () => decodeBlock(bytes, reading),
        [...codes, 'transaction_type_refused', 'transaction_unsigned', 'transaction_other_chain'],
      )
    }),
    seeded,
  )
  const long = new Uint8Array(limit.blockBytesMax + 1)
  assert.throws(() => decodeOuter(long, reading), { code: 'block_too_long' })
  const many = encodeRlp([
    decodeRlp(header) as RlpItem,
    Array(limit.blockTransactionsMax + 1).fill(Uint8Array.of(1)),
    [],
    [],
  ])
  assert.throws(() => decodeOuter(many, reading), { code: 'block_malformed' })
  assert.throws(() => decodeHeader(new Uint8Array(limit.headerBytesMax + 1)), { code: 'block_too_long' })
})
