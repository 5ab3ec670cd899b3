import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@ipld/dag-cbor'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { concatBytes, toHex, utf8 } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { deviceKeyOf } from './core.ts'
import { certificateBytesMax } from './limits.ts'
import { failure, hexBytes, vector } from './testing.ts'
import { issueCertificate, readCertificate } from './wire.ts'

const personSecret = hexBytes(vector.personSecret)
const deviceSeed = hexBytes(vector.deviceSeed)
const bytes = hexBytes(vector.certificate)

/** A certificate with fields of one's own, signed as it should be. */
function forge(
  fields: Record<string, unknown>,
  signers: { person?: Uint8Array; device?: Uint8Array } = {},
): Uint8Array {
  const payload = encode({
    device: deviceKeyOf(deviceSeed),
    issuedMs: 1,
    person: hexBytes(vector.person),
    v: 1,
    ...fields,
  })
  return envelope(payload, signers)
}

function envelope(payload: Uint8Array, { person = personSecret, device = deviceSeed } = {}): Uint8Array {
  return encode([
    payload,
    ed25519.sign(concatBytes(utf8('peerhood/certificate/person/1'), payload), person),
    ed25519.sign(concatBytes(utf8('peerhood/certificate/device/1'), payload), device),
  ])
}

test('the vector of the normative page, both ways', () => {
  const issued = issueCertificate({ personSecret, deviceSeed, issuedMs: vector.issuedMs })
  assert.equal(toHex(issued.bytes), vector.certificate)
  const read = readCertificate(bytes)
  assert.deepEqual(read, issued)
  assert.deepEqual(
    [toHex(read.person), toHex(read.device), read.issuedMs],
    [vector.person, vector.device, vector.issuedMs],
  )
})

test('what is read does not change with the buffer it came in', () => {
  const buffer = Buffer.from(bytes) // whose own slice() would be a view
  const read = readCertificate(buffer)
  buffer.fill(0)
  assert.equal(toHex(read.bytes), vector.certificate)
  assert.equal(toHex(read.person), vector.person)
})

test('round trip for any keys and times', () => {
  const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(secret, secret, fc.maxSafeNat(), (person, device, issuedMs) => {
      const issued = issueCertificate({ personSecret: person, deviceSeed: device, issuedMs })
      assert.deepEqual(readCertificate(issued.bytes), issued)
    }),
    { numRuns: 10 },
  )
})

test('cut at every byte, it is malformed', async () => {
  for (let length = 0; length < bytes.length; length++) {
    await failure(() => readCertificate(bytes.subarray(0, length)), 'certificate_malformed')
  }
})

test('every single flipped bit of every byte is refused', async () => {
  for (let index = 0; index < bytes.length; index++) {
    const flipped = bytes.slice()
    flipped[index] = (flipped[index] ?? 0) ^ (1 << (index % 8))
    await failure(() => readCertificate(flipped), 'certificate_malformed', 'certificate_not_trusted')
  }
})

test('neither signature stands for the other, nor may one be missing', async () => {
  const [payload, person, device] = decode<Uint8Array[]>(bytes)
  await failure(() => readCertificate(encode([payload, device, person])), 'certificate_not_trusted')
  await failure(() => readCertificate(encode([payload, person, person])), 'certificate_not_trusted')
  await failure(() => readCertificate(encode([payload, person])), 'certificate_malformed')
  await failure(() => readCertificate(encode([payload, person, device, device])), 'certificate_malformed')
  await failure(() => readCertificate(encode([payload, person, new Uint8Array(63)])), 'certificate_malformed')
})

test('a person can’t certify a device that did not agree', async () => {
  const thief = new Uint8Array(32).fill(9)
  const error = await failure(
    () => readCertificate(forge({ person: deviceKeyOf(thief) }, { person: thief, device: thief })),
    'certificate_not_trusted',
  )
  assert.match(error.message, /device/)
})

test('a device can’t name a person who did not agree', async () => {
  const error = await failure(() => readCertificate(forge({}, { person: deviceSeed })), 'certificate_not_trusted')
  assert.match(error.message, /person/)
})

test('fields that do not belong, are missing or of the wrong kind are refused even when signed', async () => {
  for (const fields of [
    { v: 2 },
    { v: '1' },
    { extra: 1 },
    { issuedMs: -1 },
    { issuedMs: 1.5 },
    { issuedMs: 2n ** 60n },
    { issuedMs: null },
    { person: new Uint8Array(31) },
    { device: 'device' },
    { device: [] },
  ]) {
    await failure(() => readCertificate(forge(fields)), 'certificate_malformed')
  }
  for (const payload of [encode([]), encode(null), encode('v'), encode({ v: 1 }), new Uint8Array(0)]) {
    await failure(() => readCertificate(envelope(payload)), 'certificate_malformed')
  }
})

test('a payload in another encoding of the same value is refused', async () => {
  const [payload = new Uint8Array()] = decode<Uint8Array[]>(forge({ issuedMs: 1 }))
  // `issuedMs: 1` as two bytes (0x18 0x01) instead of one (0x01): RFC 8949 §4.2.1 demands the shortest.
  const longer = concatBytes(payload.subarray(0, -1), Uint8Array.of(0x18, 0x01))
  await failure(() => readCertificate(envelope(longer)), 'certificate_malformed')
  // `issuedMs: 1` as a float: decoders give the same number for it.
  const float = concatBytes(payload.subarray(0, -1), Uint8Array.of(0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0))
  assert.deepEqual(decode(float), decode(payload))
  await failure(() => readCertificate(envelope(float)), 'certificate_malformed')
  // The same map with its fields in another order.
  const v = payload.subarray(1, 4)
  const swapped = concatBytes(payload.subarray(0, 1), payload.subarray(4), v)
  await failure(() => readCertificate(envelope(swapped)), 'certificate_malformed')
  await failure(() => readCertificate(concatBytes(bytes, Uint8Array.of(0))), 'certificate_malformed')
})

test('keys of small order, under which anybody can sign, are refused', async () => {
  // y = 1 is the neutral point: R = neutral, s = 0 verifies for every message without the check.
  const neutral = new Uint8Array(32)
  neutral[0] = 1
  const anyMessage = concatBytes(neutral, new Uint8Array(32))
  const payload = encode({ device: neutral, issuedMs: 1, person: neutral, v: 1 })
  await failure(() => readCertificate(encode([payload, anyMessage, anyMessage])), 'certificate_not_trusted')
})

test(`certificateBytesMax (${certificateBytesMax}) is exactly the longest certificate`, async () => {
  const longest = issueCertificate({ personSecret, deviceSeed, issuedMs: Number.MAX_SAFE_INTEGER })
  assert.equal(longest.bytes.length, certificateBytesMax)
  assert.equal(readCertificate(longest.bytes).issuedMs, Number.MAX_SAFE_INTEGER)
  const error = await failure(() => readCertificate(new Uint8Array(certificateBytesMax + 1)), 'certificate_malformed')
  assert.match(error.message, /240 bytes, at most 239/)
})

test('no bytes make it throw anything but its own errors', () => {
  const own = ['certificate_malformed', 'certificate_not_trusted']
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.anything({ withNullPrototype: true, withBigInt: true, maxDepth: 3 }).map(encodeIfPossible),
    fc.tuple(fc.nat(bytes.length - 1), fc.uint8Array({ maxLength: 20 })).map(([at, piece]) => {
      const spliced = bytes.slice()
      spliced.set(piece.subarray(0, bytes.length - at), at)
      return spliced
    }),
  )
  fc.assert(
    fc.property(anything, (input) => {
      try {
        assert.equal(toHex(readCertificate(input).bytes), vector.certificate)
      } catch (error) {
        assert.ok(isPeerhoodError(error) && own.includes(error.code), String(error))
      }
    }),
    { numRuns: 500 },
  )
})

/** What a hostile program might put where a list of three belongs. */
function encodeIfPossible(value: unknown): Uint8Array {
  try {
    return encode([encode(value), new Uint8Array(64), value])
  } catch {
    return new Uint8Array()
  }
}
