import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StampTable } from './stamp-table.ts'
import { noStamp, stampOf } from './stamps.ts'

const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const stamp = fc.oneof(
  fc.constant(noStamp),
  fc
    .record({
      size: fc.bigInt({ min: 0n, max: 2n ** 53n }),
      mtimeNs: signed,
      ctimeNs: signed,
      ino: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    })
    .map(stampOf),
)
const entry = fc.oneof(fc.nat(20), fc.nat(3_000))
const change = fc.oneof(
  fc.record({ how: fc.constant('set' as const), entry, stamp }),
  fc.record({ how: fc.constant('delete' as const), entry }),
)
const changes = fc.array(change, { maxLength: 200 })

type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never

/** Makes the same changes to a table and to a plain map. */
function build(all: readonly Change[]): { table: StampTable; map: Map<number, string> } {
  const table = new StampTable()
  const map = new Map<number, string>()
  for (const one of all) {
    if (one.how === 'delete') assert.equal(table.delete(one.entry), map.delete(one.entry))
    else {
      table.set(one.entry, one.stamp)
      map.set(one.entry, one.stamp)
    }
  }
  return { table, map }
}

function assertSame(table: StampTable, map: ReadonlyMap<number, string>): void {
  const sorted = [...map].sort(([a], [b]) => a - b)
  assert.deepEqual([...table], sorted)
  assert.deepEqual(
    [...table.keys()],
    sorted.map(([number]) => number),
  )
  assert.equal(table.size, map.size)
  for (let number = 0; number <= 20; number++) {
    assert.equal(table.has(number), map.has(number))
    assert.equal(table.get(number), map.get(number))
  }
}

test('property: a table of stamps is a map of them', () => {
  fc.assert(
    fc.property(changes, changes, (first, second) => {
      const { table, map } = build(first)
      assertSame(table, map)
      const others = build(second)
      table.takeOver(others.table)
      assertSame(table, new Map([...map, ...others.map]))
    }),
  )
})
