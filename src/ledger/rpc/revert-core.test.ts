import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeErrorResult, parseAbi } from 'viem'
import { fromHex } from '../../base/bytes.ts'
import { revertReason } from './revert-core.ts'

const abi = parseAbi(['error Error(string)', 'error Panic(uint256)', 'error Other(uint256)'])
const bytesOf = (hex: string) => fromHex(hex.slice(2)) ?? new Uint8Array()

test('a reason is read as viem wrote it', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'grapheme' }), (reason) => {
      const data = bytesOf(encodeErrorResult({ abi, errorName: 'Error', args: [reason] }))
      assert.equal(revertReason(data), reason)
    }),
    { seed: 4 },
  )
})

test('panics have words, other errors none', () => {
  const panic = (code: bigint) => revertReason(bytesOf(encodeErrorResult({ abi, errorName: 'Panic', args: [code] })))
  assert.equal(panic(0x11n), 'arithmetic underflow or overflow')
  assert.equal(panic(0x99n), 'unknown panic code: 0x99')
  assert.equal(revertReason(bytesOf(encodeErrorResult({ abi, errorName: 'Other', args: [1n] }))), undefined)
  assert.equal(revertReason(new Uint8Array()), undefined)
})

test('any data is read without a fault', () => {
  const selector = fc.constantFrom([0x08, 0xc3, 0x79, 0xa0], [0x4e, 0x48, 0x7b, 0x71], [])
  fc.assert(
    fc.property(selector, fc.uint8Array({ maxLength: 200 }), (head, tail) => {
      const reason = revertReason(Uint8Array.of(...head, ...tail))
      assert.ok(reason === undefined || typeof reason === 'string')
    }),
    { seed: 6, numRuns: 1000 },
  )
})
