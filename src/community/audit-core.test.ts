import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '../base/bytes.ts'
import type { EntryId } from '../log/types.ts'
import { createMerkleTree, rootToWords } from './audit-core.ts'

const sha256 = (...parts: readonly Uint8Array[]) => {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(part)
  return new Uint8Array(sum.digest())
}

/** RFC 9162 §2.1.1 as it stands there: split at the largest power of two below the number of leaves. */
function slowRoot(ids: readonly EntryId[]): Uint8Array {
  if (ids.length === 0) return sha256()
  if (ids.length === 1) return sha256(Uint8Array.of(0), fromHex(ids[0] ?? '') ?? new Uint8Array(0))
  let split = 1
  while (split * 2 < ids.length) split *= 2
  return sha256(Uint8Array.of(1), slowRoot(ids.slice(0, split)), slowRoot(ids.slice(split)))
}

const idOf = (number: number) => toHex(sha256(Uint8Array.of(number & 255, number >> 8))) as EntryId

test('the root is the one that RFC 9162 defines, for any number of entries', () => {
  for (let count = 0; count < 130; count++) {
    const ids = Array.from({ length: count }, (_, number) => idOf(number)).sort()
    const tree = createMerkleTree()
    for (const id of ids) tree.add(id)
    assert.equal(toHex(tree.root()), toHex(slowRoot(ids)), `${count} entries`)
  }
})

test('another set of entries has another root', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(5_000), { minLength: 1, maxLength: 40 }), fc.nat(5_000), (numbers, other) => {
      const ids = (list: readonly number[]) => list.map(idOf).sort()
      const changed = numbers.includes(other) ? numbers.filter((number) => number !== other) : [...numbers, other]
      assert.notEqual(toHex(slowRoot(ids(numbers))), toHex(slowRoot(ids(changed))))
    }),
    { seed: 1 },
  )
})

test('six words tell the first 66 bits', () => {
  assert.deepEqual(rootToWords(new Uint8Array(32)), Array(6).fill('abandon'))
  assert.deepEqual(rootToWords(new Uint8Array(32).fill(255)), Array(6).fill('zoo'))
  const root = new Uint8Array(32)
  root[8] = 0b0100_0000
  assert.deepEqual(rootToWords(root), ['abandon', 'abandon', 'abandon', 'abandon', 'abandon', 'ability'])
  root[8] = 0b0010_0000
  assert.deepEqual(rootToWords(root), Array(6).fill('abandon'), 'the 67th bit is not told')
})
