import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { concatBytes, fromUtf8, utf8 } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { decodeKeystore, encodeKeystore, type Keystore } from './keystore-wire.ts'
import { keystoreBytesMax, scryptLog2NMax, scryptLog2NMin } from './limits.ts'
import { failure, hexBytes, vector } from './testing.ts'

const plain: Keystore = {
  deviceName: 'Desk',
  certificate: hexBytes(vector.certificate),
  secrets: { kind: 'plain', entropy: hexBytes(vector.entropy), deviceSeed: hexBytes(vector.deviceSeed) },
}
const sealed: Keystore = {
  ...plain,
  secrets: {
    kind: 'sealed',
    log2N: 17,
    salt: new Uint8Array(16).fill(1),
    nonce: new Uint8Array(12).fill(2),
    box: hexBytes(vector.box),
  },
}

test('the vectors of the normative page, both ways', () => {
  for (const [keystore, checksum] of [
    [plain, vector.plainChecksum],
    [sealed, vector.sealedChecksum],
  ] as const) {
    const bytes = encodeKeystore(keystore)
    assert.equal(JSON.parse(fromUtf8(bytes) ?? '').checksum, checksum)
    assert.deepEqual(decodeKeystore(bytes), keystore)
  }
})

test('round trip for any content', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const secrets = fc.oneof(
    fc.record(
      { kind: fc.constant('plain' as const), entropy: bytes(32), deviceSeed: bytes(32) },
      { noNullPrototype: true },
    ),
    fc.record(
      {
        kind: fc.constant('sealed' as const),
        log2N: fc.integer({ min: scryptLog2NMin, max: scryptLog2NMax }),
        salt: bytes(16),
        nonce: bytes(12),
        box: bytes(80),
      },
      { noNullPrototype: true },
    ),
  )
  const deviceName = fc.constantFrom('x', 'Küche "2" \\ 🖥', 'a'.repeat(64))
  const certificate = fc.uint8Array({ minLength: 1, maxLength: 239 })
  fc.assert(
    fc.property(fc.record({ deviceName, certificate, secrets }, { noNullPrototype: true }), (keystore) => {
      assert.deepEqual(decodeKeystore(encodeKeystore(keystore)), keystore)
    }),
  )
})

test('cut at every byte, it is damaged', async () => {
  for (const keystore of [plain, sealed]) {
    const bytes = encodeKeystore(keystore)
    for (let length = 0; length < bytes.length; length++) {
      await failure(() => decodeKeystore(bytes.subarray(0, length)), 'keystore_damaged')
    }
  }
})

test('every flipped bit of every byte is noticed, so it is never taken for a wrong passphrase', async () => {
  const bytes = encodeKeystore(sealed)
  for (let index = 0; index < bytes.length; index++) {
    const flipped = bytes.slice()
    flipped[index] = (flipped[index] ?? 0) ^ (1 << (index % 8))
    // One bit turns `"version": 1` into 3 and the like, which is told as such.
    await failure(() => decodeKeystore(flipped), 'keystore_damaged', 'keystore_newer')
  }
})

test('zeroed tails, as a power cut leaves them, are damage', async () => {
  const bytes = encodeKeystore(plain)
  for (let kept = 0; kept < bytes.length; kept += 37) {
    await failure(
      () => decodeKeystore(concatBytes(bytes.subarray(0, kept), new Uint8Array(bytes.length - kept))),
      'keystore_damaged',
    )
  }
})

test('what means the same but is written otherwise is not ours', async () => {
  const text = fromUtf8(encodeKeystore(plain)) ?? ''
  for (const other of [
    ` ${text}`,
    `${text}\n`,
    `\ufeff${text}`,
    JSON.stringify(JSON.parse(text)),
    text.replace('"version": 1', '"version": 1.0'),
    text.replace('"deviceName"', '"deviceName": "Else",\n  "deviceName"'),
    text.replace('"kind": "plain"', '"kind": "plain", "__proto__": {}'),
  ]) {
    await failure(() => decodeKeystore(utf8(other)), 'keystore_damaged')
  }
})

test('costs outside the limits are refused before anything is computed', async () => {
  for (const log2N of [scryptLog2NMin - 1, scryptLog2NMax + 1, 16.5]) {
    const bytes = encodeKeystore({ ...sealed, secrets: { ...sealed.secrets, log2N } as Keystore['secrets'] })
    await failure(() => decodeKeystore(bytes), 'keystore_damaged')
  }
})

test('a file of a later version is not called damaged', async () => {
  const text = JSON.stringify({ format: 'peerhood-keystore', version: 2, anything: true })
  const error = await failure(() => decodeKeystore(utf8(text)), 'keystore_newer')
  assert.match(error.message, /version 2; this Peerhood knows 1/)
})

test(`past keystoreBytesMax (${keystoreBytesMax}) nothing is parsed`, async () => {
  const newer = (length: number) => utf8('{"format":"peerhood-keystore","version":2}'.padEnd(length))
  await failure(() => decodeKeystore(newer(keystoreBytesMax)), 'keystore_newer')
  const error = await failure(() => decodeKeystore(newer(keystoreBytesMax + 1)), 'keystore_damaged')
  assert.match(error.message, /too large/)
})

test('no error holds a piece of the file', async () => {
  const marked = {
    ...plain,
    secrets: { kind: 'plain', entropy: new Uint8Array(32).fill(0xab), deviceSeed: new Uint8Array(32).fill(0xcd) },
  } as const
  const text = fromUtf8(encodeKeystore(marked)) ?? ''
  const broken = [
    text.replace('}', ''),
    text.replace('"entropy": "', '"entropy": '),
    text.replace('cdcd', 'cd cd'),
    text.replace('"checksum": "', '"checksum": "0'),
    text.replace('"deviceSeed"', '"abababab"'),
  ]
  for (const one of broken) {
    const error = await failure(() => decodeKeystore(utf8(one)), 'keystore_damaged')
    assert.doesNotMatch(inspect(error, { depth: Infinity, showHidden: true }), /abab|cdcd/)
    assert.doesNotMatch(JSON.stringify(error), /abab|cdcd/)
  }
})

test('no bytes make it throw anything but its own errors', () => {
  const good = encodeKeystore(plain)
  const inputs = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.json({ maxDepth: 4 }).map(utf8),
    fc.jsonValue().map((value) => utf8(JSON.stringify({ ...JSON.parse(fromUtf8(good) ?? ''), secrets: value }))),
    fc
      .tuple(fc.nat(good.length), fc.uint8Array({ minLength: 1, maxLength: 9 }))
      .map(([at, piece]) => concatBytes(good.subarray(0, at), piece, good.subarray(at))),
  )
  fc.assert(
    fc.property(inputs, (input) => {
      try {
        decodeKeystore(input)
        assert.fail('was accepted')
      } catch (error) {
        assert.ok(isPeerhoodError(error) && ['keystore_damaged', 'keystore_newer'].includes(error.code), String(error))
      }
    }),
    { numRuns: 500 },
  )
})
