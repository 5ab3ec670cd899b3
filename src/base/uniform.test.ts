import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUniform } from './uniform.ts'

test('every four bytes are one fraction, and the bytes are asked for many at a time', () => {
  let asked = 0
  const bytes = (length: number) => {
    asked += 1
    return Uint8Array.from({ length }, (_, at) => (asked + Math.floor(at / 4)) % 256)
  }
  const uniform = createUniform({ bytes })
  const first = Array.from({ length: 256 }, uniform)
  assert.equal(asked, 1)
  for (const [at, value] of first.entries()) {
    const byte = (1 + at) % 256
    assert.equal(value, (byte * 0x01010101) / 2 ** 32)
    assert.ok(value >= 0 && value < 1)
  }
  assert.equal(uniform(), (2 * 0x01010101) / 2 ** 32)
  assert.equal(asked, 2)
})

test('the highest bytes stay below one', () => {
  const uniform = createUniform({ bytes: (length) => new Uint8Array(length).fill(255) })
  assert.ok(uniform() < 1)
})
