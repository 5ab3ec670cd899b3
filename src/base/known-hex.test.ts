import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKnownHex } from './known-hex.ts'

test('whatever was remembered, it is the hexadecimal of the bytes as they are now', () => {
  const hex = createKnownHex()
  const bytes = new Uint8Array(80)
  for (let round = 0; round < 2_000; round++) {
    // Few first bytes, so that others are in their place; some begin alike and differ at the end.
    bytes.fill(round % 3)
    bytes[31] = round % 7
    for (const [start, end] of [
      [0, 32],
      [0, 16],
      [16, 32],
      [5, 5],
    ] as const) {
      const expected = Buffer.from(bytes.subarray(start, end)).toString('hex')
      assert.equal(hex(bytes, start, end), expected)
      assert.equal(hex(Buffer.from(bytes), start, end), expected)
    }
  }
})
