// What two peers say before they punch, in bytes.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { decodeSeen, encodeSeen } from '../udx/datagram-wire.ts'
import { addressesMax } from './limits.ts'
import { checkStart, decodeOffer, encodeOffer, type Offer, offerBytesMax, start } from './wire.ts'

const isMalformed = (error: unknown) => isPeerhoodError(error) && error.code === 'punch_malformed'

const places = fc
  .record({ host: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.integer({ min: 1, max: 65_535 }) })
  .map((place) => decodeSeen(encodeSeen(place)))
const offers = fc.record<Offer>({
  token: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  mapping: fc.constantFrom('unknown', 'independent', 'dependent'),
  seen: fc.array(places, { maxLength: addressesMax }),
  own: fc.array(places, { maxLength: addressesMax }),
})

const example: Offer = {
  token: Uint8Array.from({ length: 16 }, (_, at) => 0xa0 + at),
  mapping: 'dependent',
  seen: [{ host: '192.0.2.7', port: 4001 }],
  own: [{ host: '2001:db8:0:0:0:0:0:7', port: 65_535 }],
}
const exampleHex =
  '0102a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0101' +
  '00000000000000000000ffffc00002070fa1' +
  '20010db8000000000000000000000007ffff'

test('the bytes are those of the protocol, and of its page', async () => {
  const page = await readFile(new URL('../../../docs/protocol/udx.md', import.meta.url), 'utf8')
  assert.equal(toHex(encodeOffer(example)), exampleHex)
  assert.deepEqual(decodeOffer(encodeOffer(example)), example)
  assert.ok(page.replaceAll(/[\s`]/g, '').includes(exampleHex), 'the offer is on the page')
  assert.deepEqual([...start], [1])
})

test('an offer comes out as it went in, and is never longer than is read', () => {
  const property = fc.property(offers, (offer) => {
    const bytes = encodeOffer(offer)
    assert.ok(bytes.length <= offerBytesMax)
    assert.deepEqual(decodeOffer(bytes), { ...offer })
  })
  fc.assert(property, { numRuns: 2_000 })
  assert.equal(offerBytesMax, 308)
})

test('of more addresses than that, the first ones are named', () => {
  const many = Array.from({ length: 3 * addressesMax }, (_, at) => ({ host: '192.0.2.1', port: 1 + at }))
  const { seen, own } = decodeOffer(encodeOffer({ ...example, seen: many, own: many }))
  assert.deepEqual([seen, own], [many.slice(0, addressesMax), many.slice(0, addressesMax)])
})

test('whatever comes, only our own error comes out, and nothing is taken but what is sent', () => {
  const near = fc.tuple(offers, fc.nat(offerBytesMax - 1), fc.nat(255)).map(([offer, at, byte]) => {
    const bytes = encodeOffer(offer)
    bytes[at % bytes.length] = byte
    return bytes
  })
  const cut = fc.tuple(offers, fc.nat(offerBytesMax)).map(([offer, length]) => encodeOffer(offer).subarray(0, length))
  const property = fc.property(fc.oneof(near, cut, fc.uint8Array({ maxLength: 2 * offerBytesMax })), (bytes) => {
    let offer: Offer
    try {
      offer = decodeOffer(bytes)
    } catch (error) {
      assert.ok(isMalformed(error), String(error))
      return
    }
    assert.deepEqual(encodeOffer(offer), bytes)
  })
  fc.assert(property, { numRuns: 10_000 })
})

test('too many addresses, ports that are none, other versions and kinds of router are refused', () => {
  const many = Array.from({ length: addressesMax }, () => ({ host: '192.0.2.1', port: 1 }))
  const offer = { ...example, seen: many, own: [] }
  const more = new Uint8Array(encodeOffer(offer).length + 18).fill(1)
  more.set(encodeOffer(offer))
  more[18] = addressesMax + 1
  assert.throws(() => decodeOffer(more), isMalformed)
  for (const [at, byte] of [
    [0, 2],
    [1, 3],
    [18, 2],
    [19, 0],
  ] as const) {
    const bytes = encodeOffer(example)
    bytes[at] = byte
    assert.throws(() => decodeOffer(bytes), isMalformed)
  }
  const portless = encodeOffer({ ...example, own: [{ host: '192.0.2.1', port: 0 }] })
  assert.throws(() => decodeOffer(portless), isMalformed)
  for (const bytes of [[], [0], [2], [1, 1]]) assert.throws(() => checkStart(Uint8Array.from(bytes)), isMalformed)
  checkStart(start)
})
