import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Address, Hash } from '../types.ts'
import { hashOf } from './account-wire.ts'
import { createLedgerCommon } from './common.ts'
import { keccak256 } from './keccak.ts'
import { snapshotChunkBytesMax } from './limits.ts'
import { decodeChunk, encodeChunk } from './snapshot-wire.ts'
import { blockName, personOf, signedBy, stillClock, type TestChain, testChain } from './testing.ts'
import type { LedgerWorld } from './types.ts'
import { createWorld } from './world.ts'

const ann = personOf(1)
const common = createLedgerCommon(31337)
const word = (index: number) => hashOf(keccak256(Uint8Array.of(index >> 8, index)))

/** Two hundred accounts, some with code, one with many slots. */
function state(): TestChain {
  const many = Array.from({ length: 200 }, (_, index) => ({
    address: word(index).slice(0, 42) as Address,
    balance: BigInt(index + 1),
    ...(index % 20 === 0 ? { code: keccak256(Uint8Array.of(index)) } : {}),
    slots: Array.from({ length: index === 7 ? 300 : index % 3 }, (_, slot) => [word(slot), word(slot + 1)] as const),
  }))
  const accounts = [{ address: ann.address, balance: 10n ** 20n }, ...many]
  return testChain({ accounts, common, keepBlocks: 'archive' })
}

function partsOf(world: LedgerWorld, block: Hash, bytesMax: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  let after: Uint8Array | undefined
  do {
    const { bytes, next } = world.snapshotPart(block, after, bytesMax)
    parts.push(bytes)
    after = next
  } while (after !== undefined)
  return parts
}

function newcomer(): { readonly world: LedgerWorld; readonly database: DatabaseSync } {
  const database = new DatabaseSync(':memory:')
  const world = createWorld({ common, scheduled: false, keepBlocks: 4 })({ database, clock: stillClock })
  return { world, database }
}

test('a state goes over in parts of bounded size, of an older block too, and executes the same afterwards', async () => {
  const chain = state()
  const { root } = chain.world.base()
  const pay = (nonce: number) =>
    signedBy(ann, common, { nonce, to: personOf(3).address, value: 1n, gasLimit: 21_000n, gasPrice: 0n })
  const later = await chain.run([pay(0)])
  for (const bytesMax of [1, 500, 5_000, 1_000_000]) {
    const { world, database } = newcomer()
    const parts = partsOf(chain.world, blockName(0), bytesMax)
    if (bytesMax === 500) for (const part of parts) assert.ok(part.length < bytesMax + 300, `${part.length} bytes`)
    const importing = world.importSnapshot({ block: blockName(0), height: 0, root })
    for (const part of parts) importing.add(part)
    importing.finish()
    assert.deepEqual(world.base(), { block: blockName(0), height: 0, root })
    assert.deepEqual(world.mend({ thorough: true }), { kind: 'whole' })
    assert.equal((await world.execute(chain.environment(1), [pay(0)])).stateRoot, later.stateRoot)
    const nodes = (one: { prepare(sql: string): { get(): unknown } }) =>
      one.prepare('SELECT count(*) AS n FROM state_nodes WHERE height = 0').get()
    assert.deepEqual(nodes(database), nodes(chain.database as never), 'not one node too many')
  }
})

test('what is wrong in a snapshot is found, and the next one begins anew', () => {
  const chain = state()
  const { block, root } = chain.world.base()
  const target = { block, height: 0, root }
  const parts = partsOf(chain.world, block, 3_000)
  const { world } = newcomer()
  const refused = (change: (list: Uint8Array[]) => Uint8Array[]) => {
    const importing = world.importSnapshot(target)
    assert.throws(
      () => {
        for (const part of change([...parts])) importing.add(part)
        importing.finish()
      },
      { code: 'snapshot_wrong' },
    )
    assert.equal(world.base().height, -1)
  }
  refused((list) => list.slice(1))
  refused((list) => list.slice(0, -1))
  refused((list) => list.toSpliced(2, 1))
  refused((list) => [list[0] as Uint8Array, ...list])
  refused((list) => list.toReversed())
  refused((list) => list.toSpliced(1, 1, changed(list[1] as Uint8Array)))
  refused(() => [])
  const importing = world.importSnapshot(target)
  for (const part of parts) importing.add(part)
  importing.finish()
  assert.deepEqual(world.base(), target)
  assert.throws(() => world.importSnapshot(target), { code: 'state_not_empty' })
})

/** An account richer by one. */
function changed(bytes: Uint8Array): Uint8Array {
  const chunk = decodeChunk(bytes)
  const accounts = chunk.accounts.map((account, index) => {
    const value = account.value.slice()
    // The balance stands behind the list's header and the nonce.
    if (index === 0) value[3] = (value[3] ?? 0) ^ 1
    return { ...account, value }
  })
  return encodeChunk({ ...chunk, accounts })
}

test('a state that is not kept is not handed out, nor what is no place in it', () => {
  const { world } = state()
  assert.throws(() => world.snapshotPart(blockName(9), undefined, 1_000), { code: 'state_pruned' })
  for (const after of [new Uint8Array(0), new Uint8Array(33).fill(2), new Uint8Array(34)]) {
    assert.throws(() => world.snapshotPart(blockName(0), after, 1_000), { code: 'call_unusable' })
  }
})

test('any bytes are a part, encoded in its only way, or refused with the one code', () => {
  const whole = encodeChunk({ accounts: [], codes: [Uint8Array.of(1)] })
  const parts = partsOf(state().world, blockName(0), 700)
  const near = fc.tuple(fc.nat({ max: parts.length - 1 }), fc.nat(), fc.nat(255)).map(([part, at, byte]) => {
    const bytes = (parts[part] ?? whole).slice()
    bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), near), (bytes) => {
      try {
        assert.deepEqual(encodeChunk(decodeChunk(bytes)), bytes)
      } catch (error) {
        assert.ok(isPeerhoodError(error) && error.code === 'snapshot_wrong', String(error))
      }
    }),
    { seed: 9, numRuns: 2_000 },
  )
  assert.throws(() => decodeChunk(new Uint8Array(snapshotChunkBytesMax + 1)), { code: 'snapshot_wrong' })
})
