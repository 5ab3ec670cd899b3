// Decoders of src/identity: certificates from peers, the keystore from the disk, phrases and names from people.

import { sha256 } from '@noble/hashes/sha2.js'
import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { isDeviceName, readDeviceName } from '../../src/identity/device-name.ts'
import { decodeKeystore, encodeKeystore, type Keystore } from '../../src/identity/keystore-wire.ts'
import { readPhrase } from '../../src/identity/phrase.ts'
import { vector } from '../../src/identity/testing.ts'
import { issueCertificate, readCertificate } from '../../src/identity/wire.ts'
import { filled, texts } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

const certificate = fromHex(vector.certificate) ?? filled(0)
const words = ['abandon', 'zoo', 'art', 'abandn', 'ABOUT', '\u3000', 'ａｂａｎｄｏｎ']

const keystores: readonly Keystore[] = [
  {
    deviceName: 'Desk “one”',
    certificate,
    secrets: { kind: 'plain', entropy: filled(32, 0), deviceSeed: filled(32, 1) },
  },
  {
    deviceName: 'x',
    certificate,
    secrets: { kind: 'sealed', log2N: 15, salt: filled(32), nonce: filled(12), box: filled(80) },
  },
]

/** The same file with a checksum that fits. */
function withChecksum(input: Uint8Array): Uint8Array {
  try {
    const { checksum: _, ...body } = JSON.parse(textOf(input))
    const checksum = toHex(sha256(utf8(JSON.stringify(body))))
    return utf8(`${JSON.stringify({ ...body, checksum }, undefined, 2)}\n`)
  } catch {
    return input
  }
}

export const identityTargets: readonly Target[] = [
  target({
    name: 'certificate',
    covers: ['src/identity/wire.ts readCertificate'],
    shape: 'cbor',
    codes: ['certificate_malformed', 'certificate_not_trusted'],
    seeds: () => [
      certificate,
      issueCertificate({ personSecret: filled(32), deviceSeed: filled(32, 8), issuedMs: 0 }).bytes,
    ],
    // Each that has the form costs two signatures of noble's, 3 ms.
    runs: 1_000,
    decode: readCertificate,
    encode: ({ bytes }) => bytes,
  }),
  target({
    name: 'keystore',
    covers: ['src/identity/keystore-wire.ts decodeKeystore'],
    shape: 'json',
    codes: ['keystore_damaged', 'keystore_newer'],
    seeds: () => keystores.map(encodeKeystore),
    mend: withChecksum,
    decode: decodeKeystore,
    encode: encodeKeystore,
  }),
  target({
    name: 'phrase',
    covers: ['src/identity/phrase.ts readPhrase'],
    shape: 'text',
    codes: ['phrase_word_count', 'phrase_word_unknown', 'phrase_checksum_wrong'],
    seeds: () => texts(vector.phrase, vector.phrase.toUpperCase(), 'zoo '.repeat(24)),
    words,
    inputBytesMax: 600,
    decode: (input) => readPhrase(textOf(input)),
  }),
  target({
    name: 'device-name',
    covers: ['src/identity/device-name.ts readDeviceName'],
    shape: 'text',
    codes: ['device_name_unusable'],
    seeds: () => texts('Desk', '  Anna’s phone ', 'ноутбук'),
    inputBytesMax: 400,
    decode(input) {
      const name = readDeviceName(textOf(input))
      if (!isDeviceName(name) || !name.isWellFormed()) throw new Error('a name that is none')
      return name
    },
    encode: utf8,
    canonical: false,
  }),
]
