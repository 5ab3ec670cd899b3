import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Address } from '../types.ts'
import { looksLike, parseAddress, readAddress, shortAddress, shownAddress } from './address-core.ts'
import { formatAmount, parseAmount, parseWord, wordEnd } from './amount-core.ts'
import { uriCharsMax } from './limits.ts'
import { parsePayment, writePayment } from './uri-core.ts'

const word = fc.bigInt({ min: 0n, max: wordEnd - 1n })
const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}` as Address)
const vitalik = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'

test('amounts read back as they were written, exactly, for every number of decimals', () => {
  fc.assert(
    fc.property(word, fc.integer({ min: 0, max: 77 }), (amount, decimals) => {
      assert.equal(parseAmount(formatAmount(amount, decimals), decimals), amount)
    }),
    { seed: 1 },
  )
  assert.equal(formatAmount(1_500_000_000_000_000_000n, 18), '1.5')
  assert.equal(formatAmount(5n, 18), '0.000000000000000005')
})

test('an amount that could be read two ways is none', () => {
  for (const text of ['', '1,5', '1.2.3', '-1', '+1', '1e3', '0x1', '.5', '5.', '1 000', '١', 'NaN', '1'.repeat(200)]) {
    assert.throws(() => parseAmount(text, 18), { code: 'wallet_amount_unusable' }, text)
  }
  assert.throws(() => parseAmount('0.001', 2), { code: 'wallet_amount_unusable' })
  assert.equal(parseAmount('0.0100', 2), 1n)
  assert.throws(() => parseAmount(String(wordEnd), 0), { code: 'wallet_amount_unusable' })
  assert.throws(() => parseWord('1.0'), { code: 'wallet_amount_unusable' })
})

test('addresses: capitals are the checksum (EIP-55), anything else is refused', () => {
  assert.equal(shownAddress(parseAddress(vitalik)), vitalik)
  assert.equal(parseAddress(vitalik.toLowerCase()), vitalik.toLowerCase())
  assert.equal(shortAddress(parseAddress(vitalik)), '0xd8dA…6045')
  const broken = vitalik.replace('dA6B', 'da6B')
  for (const text of [
    broken,
    vitalik.slice(0, -1),
    `${vitalik}0`,
    `0X${vitalik.slice(2)}`,
    'vitalik.eth',
    ` ${vitalik}`,
  ]) {
    assert.equal(readAddress(text), undefined, text)
    assert.throws(() => parseAddress(text), { code: 'wallet_address_unusable' })
  }
  fc.assert(
    fc.property(address, (one) => assert.equal(parseAddress(shownAddress(one)), one)),
    { seed: 2 },
  )
  const known = parseAddress(vitalik)
  assert.ok(looksLike(known, `${known.slice(0, 6)}${'0'.repeat(32)}${known.slice(-4)}` as Address))
  assert.ok(!looksLike(known, known))
})

test('payments read back as they were written (EIP-681)', () => {
  const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined })
  const payment = fc.record({
    to: address,
    chainId: optional(fc.integer({ min: 1, max: 2 ** 52 })),
    amount: optional(word),
    token: optional(address),
  })
  fc.assert(
    fc.property(payment, (one) => assert.deepEqual(parsePayment(writePayment(one)), { ...one })),
    { seed: 3 },
  )
})

test('links of other wallets are read', () => {
  const to = parseAddress(vitalik)
  const plain = { to, chainId: undefined, amount: undefined, token: undefined }
  assert.deepEqual(parsePayment(`ethereum:${vitalik}`), plain)
  assert.deepEqual(parsePayment(`ethereum:pay-${vitalik}@100?value=2.014e18`), {
    ...plain,
    chainId: 100,
    amount: 2_014_000_000_000_000_000n,
  })
  assert.deepEqual(parsePayment(`ethereum:${vitalik}?value=1e0&gas=21000&gasPrice=5`), { ...plain, amount: 1n })
})

test('a link that says something not understood is refused, never paid in part', () => {
  const wrong = [
    'bitcoin:1',
    'ethereum:vitalik.eth',
    `ethereum:${vitalik}?value=1&value=2`,
    `ethereum:${vitalik}?value=1.5`,
    `ethereum:${vitalik}?value=-1`,
    `ethereum:${vitalik}?value=1e99`,
    `ethereum:${vitalik}?data=0xff`,
    `ethereum:${vitalik}@0`,
    `ethereum:${vitalik}@1e3`,
    `ethereum:${vitalik}/approve?address=${vitalik}&uint256=1`,
    `ethereum:${vitalik}/transfer?uint256=1`,
    `ethereum:${vitalik}?value`,
    `ethereum:${vitalik}#x`,
    `ethereum:${vitalik}?value=${'0'.repeat(uriCharsMax)}`,
  ]
  for (const text of wrong) assert.throws(() => parsePayment(text), { code: /^wallet_(uri|address)_unusable$/ }, text)
})

test('whatever a code holds, reading it throws its own codes only', () => {
  const piece = fc.constantFrom(
    'ethereum:',
    vitalik,
    '@',
    '1',
    '?',
    'value=',
    '&',
    '/transfer',
    'address=',
    '.',
    'e18',
    '#',
    '%00',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (one) => {
      try {
        parsePayment(one)
      } catch (error) {
        assert.ok(isPeerhoodError(error) && error.code.startsWith('wallet_'))
      }
    }),
    { seed: 4, numRuns: 500 },
  )
})
