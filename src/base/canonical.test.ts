import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode, encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { equalBytes } from './bytes.ts'
import { readCanonical } from './canonical.ts'

/** The slow way, which is the meaning of the word. */
function isCanonical(bytes: Uint8Array): boolean {
  try {
    return equalBytes(encode(decode(bytes)), bytes)
  } catch {
    return false
  }
}

/** What apps write: no floats. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.maxSafeInteger(),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(fc.string({ maxLength: 30 }), tie('value'), { maxKeys: 30 }),
  ),
})).value

describe('canonical form by bytes alone', () => {
  test('what is written is told for what it is', () => {
    let sure = 0
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(value)
        const read = readCanonical(bytes)
        if (read === undefined) return
        sure += 1
        assert.deepEqual(read.value, decode(bytes))
      }),
      { numRuns: 1_000, seed: 11 },
    )
    assert.ok(sure > 700, `${sure} of 1,000`)
  })

  test('who is sure is right, of any bytes', () => {
    const mutated = fc.tuple(values, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }))
    let sure = 0
    fc.assert(
      fc.property(mutated, ([value, changes]) => {
        const bytes = Uint8Array.from(encode(value))
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        const read = readCanonical(bytes)
        if (read === undefined) return
        sure += 1
        assert.ok(isCanonical(bytes), Buffer.from(bytes).toString('hex'))
        assert.deepEqual(read.value, decode(bytes))
      }),
      { numRuns: 20_000, seed: 12 },
    )
    assert.ok(sure > 1_000, `${sure}`)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const read = readCanonical(bytes)
        if (read !== undefined) assert.deepEqual([isCanonical(bytes), read.value], [true, decode(bytes)])
      }),
      { numRuns: 100_000, seed: 13 },
    )
  })

  test('forms that are not the shortest, and what is cut off or goes on', () => {
    for (const hex of [
      '1817',
      '190017',
      '1a00000017',
      '5800',
      '7800',
      '9800',
      'b800',
      '01ff',
      '6161ff',
      '62',
      'a1616100ff',
    ]) {
      assert.equal(readCanonical(Buffer.from(hex, 'hex')), undefined, hex)
    }
    // {b, a}; the same key twice; a key that is no text.
    for (const hex of ['a26162006161 00', 'a2616100616100', 'a10000', 'a1695f5f70726f746f5f5f00']) {
      assert.equal(readCanonical(Buffer.from(hex.replaceAll(' ', ''), 'hex')), undefined, hex)
    }
    assert.equal(readCanonical(new Uint8Array(0)), undefined)
    const deep = Uint8Array.from({ length: 1_000 }, () => 0x81)
    assert.equal(readCanonical(deep), undefined, 'no stack is filled')
  })
})
