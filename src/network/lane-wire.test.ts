// What is said to open a lane, in bytes: what goes in comes out, for every value there is, and a decoder takes its own
// length alone and throws nothing but `lane_wrong`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPeerhoodError } from '../base/errors.ts'
import {
  answerBytes,
  createUnframer,
  decodeAnswer,
  decodeOffer,
  decodePlace,
  encodeLength,
  encodeOffer,
  encodePlace,
  endOfLane,
  no,
  offerBytes,
  placeBytes,
  tokenBytes,
  yes,
} from './lane-wire.ts'

const isLaneWrong = (error: unknown) => isPeerhoodError(error) && error.code === 'lane_wrong'

/** The same bytes in the midst of others, as they come out of a socket. */
function withinOthers(bytes: Uint8Array): Uint8Array {
  const around = new Uint8Array(bytes.length + 7).fill(0xee)
  around.set(bytes, 3)
  return around.subarray(3, 3 + bytes.length)
}

const decoders = {
  offer: { length: offerBytes, decode: decodeOffer },
  answer: { length: answerBytes, decode: decodeAnswer },
  place: { length: placeBytes, decode: decodePlace },
} as const

test('the bytes are those of the protocol', () => {
  const token = Uint8Array.from({ length: tokenBytes }, (_, at) => 0xa0 + at)
  const offer = Buffer.from(encodeOffer({ streamId: 0x01020304, token })).toString('hex')
  assert.equal(offer, '01020304a0a1a2a3a4a5a6a7a8a9aaabacadaeaf')
  assert.equal(Buffer.from(encodePlace(0x1_0000_0002)).toString('hex'), '0000000100000002')
  assert.deepEqual([...yes, ...no], [1, 0])
  assert.deepEqual([offerBytes, answerBytes, placeBytes, tokenBytes], [20, 1, 8, 16])
})

test('an offer comes out as it went in', () => {
  const streamIds = fc.oneof(fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1), fc.nat(2 ** 32 - 1))
  const tokens = fc.uint8Array({ minLength: tokenBytes, maxLength: tokenBytes })
  const property = fc.property(streamIds, tokens, (streamId, token) => {
    const bytes = withinOthers(encodeOffer({ streamId, token }))
    const offer = decodeOffer(bytes)
    bytes.fill(0) // whoever read it may use its memory again
    assert.deepEqual(offer, { streamId, token })
  })
  fc.assert(property, { numRuns: 2_000 })
})

test('a place comes out as it went in', () => {
  const places = fc.oneof(fc.constantFrom(0, 2 ** 32, Number.MAX_SAFE_INTEGER), fc.maxSafeNat())
  const property = fc.property(places, (place) => {
    assert.equal(decodePlace(withinOthers(encodePlace(place))), place)
  })
  fc.assert(property, { numRuns: 2_000 })
})

test('a place past 2^53 - 1 is refused, and the last one is not', () => {
  const placeOf = (hex: string) => Buffer.from(hex, 'hex')
  assert.equal(decodePlace(placeOf('001fffffffffffff')), Number.MAX_SAFE_INTEGER)
  for (const hex of ['0020000000000000', '0020000000000001', '8000000000000000', 'ffffffffffffffff']) {
    assert.throws(() => decodePlace(placeOf(hex)), isLaneWrong, hex)
  }
})

test('an answer is yes or no, and every other byte is refused', () => {
  assert.deepEqual([decodeAnswer(yes), decodeAnswer(no)], [true, false])
  for (let byte = 2; byte < 256; byte++) assert.throws(() => decodeAnswer(Uint8Array.of(byte)), isLaneWrong, `${byte}`)
})

for (const [name, { length, decode }] of Object.entries(decoders)) {
  test(`${name}: every length but its own is refused`, () => {
    for (let other = 0; other <= 64; other++) {
      if (other === length) decode(new Uint8Array(other))
      else assert.throws(() => decode(withinOthers(new Uint8Array(other))), isLaneWrong, `${other} bytes`)
    }
  })

  test(`${name}: no input makes it throw anything but its own error`, () => {
    const ofItsLength = fc.uint8Array({ minLength: length, maxLength: length })
    const property = fc.property(fc.oneof(ofItsLength, fc.uint8Array({ maxLength: 64 })), (bytes) => {
      try {
        decode(withinOthers(bytes))
      } catch (error) {
        assert.ok(isLaneWrong(error), String(error))
      }
    })
    fc.assert(property, { numRuns: 5_000 })
  })
}

test('pieces: what was cut anywhere comes out whole, up to the end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (pieces, cuts) => {
        const wire = Buffer.concat([...pieces.flatMap((piece) => [encodeLength(piece.length), piece]), endOfLane])
        const unframer = createUnframer()
        const found: Uint8Array[] = []
        for (let at = 0, turn = 0; at < wire.length; turn++) {
          const cut = cuts[turn % cuts.length] ?? 1
          assert.equal(unframer.isEnded, false)
          found.push(...unframer.push(wire.subarray(at, at + cut)))
          at += cut
        }
        assert.deepEqual(Buffer.concat(found), Buffer.concat(pieces))
        assert.equal(unframer.isEnded, true)
        assert.throws(() => unframer.push(Uint8Array.of(0)), { code: 'lane_wrong' })
      },
    ),
  )
})
