import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RpcError } from './errors.ts'
import { quantity, word } from './hex.ts'
import {
  type Parse,
  parseAddress,
  parseBlock,
  parseBlockNumber,
  parseBytesMax,
  parseHash,
  parseNumber,
  parseSlot,
  parseUint64,
  parseUint256,
} from './parse.ts'

function refused(parse: Parse<unknown>, ...values: readonly unknown[]): void {
  for (const value of values) {
    assert.throws(
      () => parse(value, 'argument 0'),
      (error) => error instanceof RpcError && error.code === -32602 && error.message.includes('argument 0'),
      String(value),
    )
  }
}

test('quantities are hex without leading zeros, of a bounded length', () => {
  assert.equal(parseUint256('0x0', ''), 0n)
  assert.equal(parseUint256(`0x${'f'.repeat(64)}`, ''), 2n ** 256n - 1n)
  refused(parseUint256, '', '0x', '0', '10', '0x01', '0x0g', `0x1${'0'.repeat(64)}`, 5, null, {}, [], '0x-1', '0x 1')
  refused(parseUint64, `0x1${'0'.repeat(16)}`)
  refused(parseNumber, `0x${'f'.repeat(16)}`)
})

test('what is written as a quantity is read back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
      assert.equal(parseUint256(quantity(value), ''), value)
      assert.equal(BigInt(parseHash(word(value), '')), value)
    }),
    { seed: 1 },
  )
})

test('bytes, hashes, addresses and slots have their lengths', () => {
  assert.deepEqual(parseBytesMax(4)('0x0aFF', ''), Uint8Array.of(0x0a, 0xff))
  refused(parseBytesMax(4), '0x1', '0x0102030405', '0102', 7, '0xzz')
  assert.equal(parseAddress(`0x${'Ab'.repeat(20)}`, ''), `0x${'ab'.repeat(20)}`)
  refused(parseAddress, `0x${'ab'.repeat(19)}`, `0x${'ab'.repeat(21)}`, 'ab'.repeat(20), '0x', null)
  refused(parseHash, `0x${'ab'.repeat(31)}`, 'ab'.repeat(32), 5)
  assert.equal(parseSlot('0x1', ''), word(1n))
  assert.equal(parseSlot('0x', ''), word(0n))
  refused(parseSlot, `0x${'0'.repeat(65)}`, 'x')
})

test('blocks are named by tag, number, hash, or as EIP-1898 says', () => {
  assert.deepEqual(parseBlock('safe', ''), { kind: 'tag', tag: 'safe' })
  assert.deepEqual(parseBlock('0x10', ''), { kind: 'number', height: 16 })
  assert.deepEqual(parseBlock({ blockNumber: 'earliest' }, ''), { kind: 'tag', tag: 'earliest' })
  const hash = word(5n)
  assert.deepEqual(parseBlock(hash, ''), { kind: 'hash', hash, canonical: false })
  assert.deepEqual(parseBlock({ blockHash: hash, requireCanonical: true }, ''), { kind: 'hash', hash, canonical: true })
  refused(parseBlock, 'newest', '2', {}, [], 5, null, { blockHash: hash, blockNumber: '0x1' }, `0x${'f'.repeat(16)}`)
  refused(parseBlockNumber, hash, { blockNumber: '0x1' })
})

test('a parser throws its own error, whatever comes', () => {
  const parsers = [parseUint256, parseBytesMax(8), parseHash, parseAddress, parseSlot, parseBlock, parseNumber]
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom<Parse<unknown>>(...parsers), (value, parse) => {
      try {
        parse(value, 'argument 0')
      } catch (error) {
        assert.ok(error instanceof RpcError)
      }
    }),
    { seed: 2, numRuns: 2000 },
  )
})
