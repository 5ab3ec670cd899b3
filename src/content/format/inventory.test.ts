// Inventories and bitfields: what peers tell each other about blocks.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import type { Digest } from '../types.ts'
import { Bitfield } from './bitfield.ts'
import { createDigestIndex } from './digest-index.ts'
import {
  checkInventoryPage,
  createInventory,
  encodeInventory,
  inventoryPageBytes,
  inventorySteps,
} from './inventory.ts'
import { digestOf } from './keys.ts'
import { blockBytesMax, blocksMax, inventoryPageEntries } from './limits.ts'
import { itemsPerStep } from './steps.ts'

const entries = Array.from({ length: 5 }, (_, index) => ({
  digest: digestOf(Uint8Array.of(index)),
  length: 100 + index,
}))
const { pages, digests } = encodeInventory(entries)
const page = pages[0] ?? new Uint8Array(0)
const claim = { blocks: 5, bytes: 510, visibility: 'private' as const, pages: digests }

describe('an inventory', () => {
  test('comes back, and finds each block', () => {
    const inventory = createInventory(pages, claim)
    assert.equal(inventory.count, 5)
    entries.forEach(({ digest, length }, index) => {
      assert.deepEqual(inventory.digest(index), digest)
      assert.equal(inventory.length(index), length)
      assert.equal(inventory.find(digest), index)
    })
    assert.equal(inventory.find(digestOf(Buffer.from('none of them'))), undefined)
    assert.equal(inventory.page(0), page)
    assert.throws(() => inventory.digest(5), RangeError)
    assert.throws(() => inventory.page(1), RangeError)
  })

  test('is not what the record says', () => {
    for (const other of [{ blocks: 4 }, { bytes: 511 }]) {
      assert.throws(() => createInventory(pages, { ...claim, ...other }), { code: 'inventory_malformed' })
    }
  })

  test('names no block twice, even where digests begin alike', () => {
    const twice = encodeInventory([...entries, ...entries.slice(2, 3)])
    assert.throws(() => createInventory(twice.pages), { code: 'inventory_malformed' })
  })

  test('holds lengths that blocks can have', () => {
    const withLength = (length: number, digest = digestOf(Uint8Array.of(1))) =>
      encodeInventory([{ digest, length }]).pages
    const asPrivate = (bytes: number) => ({ blocks: 1, bytes, visibility: 'private' as const, pages: [] })
    assert.equal(createInventory(withLength(blockBytesMax)).length(0), blockBytesMax)
    assert.throws(() => createInventory(withLength(blockBytesMax + 1)), { code: 'inventory_malformed' })
    assert.equal(createInventory(withLength(48), asPrivate(48)).count, 1)
    assert.throws(() => createInventory(withLength(47), asPrivate(47)), { code: 'inventory_malformed' })
    assert.equal(createInventory(withLength(0, digestOf(new Uint8Array(0)))).length(0), 0)
    assert.throws(() => createInventory(withLength(0)), { code: 'inventory_malformed' })
  })

  test('has full pages but for the last', () => {
    for (const wrong of [[], [new Uint8Array(0)], [page.subarray(1)], [page, page]]) {
      assert.throws(() => createInventory(wrong), { code: 'inventory_malformed' })
    }
    assert.throws(() => createInventory([new Uint8Array((inventoryPageEntries + 1) * 36)]), {
      code: 'inventory_malformed',
    })
  })

  test('has a limit', () => {
    const full = new Uint8Array(inventoryPageEntries * 36)
    const tooMany = new Array<Uint8Array>(Math.ceil((blocksMax + 1) / inventoryPageEntries)).fill(full)
    assert.throws(() => createInventory(tooMany), { code: 'inventory_malformed' })
  })

  test('comes in pages that the record names', () => {
    checkInventoryPage(claim, 0, page)
    const changed = page.slice()
    changed[40] = (changed[40] ?? 0) ^ 1
    assert.throws(() => checkInventoryPage(claim, 0, changed), { code: 'block_hash_wrong' })
    assert.throws(() => checkInventoryPage(claim, 0, page.subarray(36)), { code: 'inventory_malformed' })
    assert.throws(() => checkInventoryPage(claim, 1, page), { code: 'inventory_malformed' })
    assert.equal(inventoryPageBytes(inventoryPageEntries + 2, 0), inventoryPageEntries * 36)
    assert.equal(inventoryPageBytes(inventoryPageEntries + 2, 1), 72)
    assert.equal(inventoryPageBytes(inventoryPageEntries + 2, 2), 0)
  })

  test('of any bytes throws nothing but its errors', () => {
    const anyPages = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 3 })
    fc.assert(
      fc.property(anyPages, (any) => {
        assertOnlyOwnErrors(
          () => createInventory(any),
          any.reduce((sum, { length }) => sum + length, 0),
        )
      }),
    )
  })

  test('made to be slow is not', () => {
    // All digests begin with the same 28 bytes: what a stranger would choose against a hash table.
    const packed = new Uint8Array(inventoryPageEntries * 36)
    const view = new DataView(packed.buffer)
    for (let entry = 0; entry < inventoryPageEntries; entry++) {
      view.setUint32(entry * 36 + 28, (entry * 7919) % inventoryPageEntries)
      view.setUint32(entry * 36 + 32, 1)
    }
    assert.ok(assertOnlyOwnErrors(() => createInventory([packed]), packed.length))
    // Nor does it keep the thread: they are compared a few at a time.
    const steps = inventorySteps([packed])
    let count = 0
    while (steps.next().done !== true) count += 1
    assert.ok(count > inventoryPageEntries / itemsPerStep)
  })
})

test('the index of digests finds what a Map finds', () => {
  // Few different prefixes, so that equal runs and repeated digests occur.
  const digest = fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 }))
    .map(([first, last]) => new Uint8Array(32).fill(first * 80, 0, 4).fill(last, 31) as Digest)
  fc.assert(
    fc.property(fc.array(digest, { maxLength: 30 }), digest, (list, sought) => {
      const byHex = Map.groupBy(list.keys(), (index) => Buffer.from(list[index] ?? []).toString('hex'))
      const index = createDigestIndex(list.length, (place) => list[place] as Digest)
      assert.equal(index.repeated !== undefined, byHex.size < list.length)
      const places = byHex.get(Buffer.from(sought).toString('hex'))
      const found = index.find(sought)
      assert.ok(places === undefined ? found === undefined : places.includes(found ?? -1))
    }),
  )
})

describe('a bitfield', () => {
  test('does what a Set of numbers does', () => {
    const change = fc.tuple(fc.constantFrom('set' as const, 'clear' as const), fc.nat({ max: 40 }))
    fc.assert(
      fc.property(fc.integer({ min: 41, max: 60 }), fc.array(change), (length, changes) => {
        const field = new Bitfield(length)
        const model = new Set<number>()
        for (const [action, index] of changes) {
          if (action === 'set') assert.equal(field.set(index), !model.has(index))
          else assert.equal(field.clear(index), model.has(index))
          if (action === 'set') model.add(index)
          else model.delete(index)
        }
        const indexes = Array.from({ length }, (_, index) => index)
        assert.equal(field.ones, model.size)
        assert.deepEqual(
          indexes.filter((index) => field.has(index)),
          indexes.filter((index) => model.has(index)),
        )
        assert.deepEqual(
          [...field.missing()],
          indexes.filter((index) => !model.has(index)),
        )
        const copy = Bitfield.fromBytes(field.toBytes(), length)
        assert.deepEqual(copy.toBytes(), field.toBytes())
        assert.equal(copy.ones, field.ones)
      }),
    )
  })

  test('is packed with the most significant bit first', () => {
    const field = new Bitfield(10)
    for (const index of [0, 7, 9]) field.set(index)
    assert.deepEqual(field.toBytes(), Uint8Array.of(0b1000_0001, 0b0100_0000))
    field.fill()
    assert.deepEqual(field.toBytes(), Uint8Array.of(0xff, 0b1100_0000))
    assert.equal(field.ones, 10)
    assert.equal(field.has(10), false)
    assert.equal(field.has(-1), false)
    assert.throws(() => field.set(10), RangeError)
    assert.throws(() => field.clear(0.5), RangeError)
  })

  test('of no bits has no bytes', () => {
    const empty = Bitfield.fromBytes(new Uint8Array(0), 0)
    empty.fill()
    assert.equal(empty.ones, 0)
    assert.deepEqual([...empty.missing()], [])
  })

  test('of any bytes throws nothing but its errors, and is what it says', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), fc.nat({ max: 48 }), (any, length) => {
        if (assertOnlyOwnErrors(() => Bitfield.fromBytes(any, length), any.length)) {
          assert.deepEqual(Bitfield.fromBytes(any, length).toBytes(), any)
        }
      }),
    )
    assert.throws(() => Bitfield.fromBytes(Uint8Array.of(0b0000_0001), 7), { code: 'bitfield_malformed' })
    assert.throws(() => Bitfield.fromBytes(Uint8Array.of(0, 0), 7), { code: 'bitfield_malformed' })
  })
})
