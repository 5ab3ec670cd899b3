// Certificates: those of the specification and of @libp2p/tls are read, ours is good to that package at any time, and
// whatever else bytes say is refused with one kind of error.

import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { generateCertificate, verifyPeerCertificate } from '@libp2p/tls/utils'
import fc from 'fast-check'
import { checkCertificate, createCertificate, identityExtension, selfSigned } from './certificate.ts'
import { DerError, DerReader, element, tags } from './der.ts'

interface Vectors {
  readonly certificates: readonly { readonly name: string; readonly hex: string; readonly peerId: string | null }[]
}

const vectors = JSON.parse(readFileSync('test/vectors/tls/certificates.json', 'utf8')) as Vectors
const refusal = { name: 'InvalidCryptoExchangeError' }
const peerKey = await generateKeyPair('Ed25519')
const peerId = peerIdFromPrivateKey(peerKey)
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

for (const { name, hex, peerId } of vectors.certificates) {
  test(`a certificate of the specification: ${name}`, async () => {
    const checked = checkCertificate(new X509Certificate(Buffer.from(hex, 'hex')))
    if (peerId === null) await assert.rejects(checked, refusal)
    else assert.equal(String(await checked), peerId)
  })
}

for (const type of ['Ed25519', 'secp256k1', 'RSA'] as const) {
  test(`a peer with a key of ${type}: ours and the package's certificates, each checked by the other`, async () => {
    const key = type === 'RSA' ? await generateKeyPair(type, 2048) : await generateKeyPair(type)
    const peerId = peerIdFromPrivateKey(key)
    const ours = new X509Certificate((await createCertificate(key)).cert)
    const theirs = new X509Certificate((await generateCertificate(key)).cert)
    assert.equal(String(await verifyPeerCertificate(ours.raw, peerId)), String(peerId))
    assert.equal(String(await checkCertificate(theirs, peerId)), String(peerId))
    assert.equal(String(await checkCertificate(ours, peerId)), String(peerId))
  })
}

test('peers that check dates take ours from 1975 to 4095', async (t) => {
  const certificate = new X509Certificate((await createCertificate(peerKey)).cert)
  for (const time of ['1975-01-02', '2000-01-01', '2049-12-31', '2050-01-01', '4095-12-31']) {
    const { mock } = t.mock.method(Date, 'now', () => Date.parse(time))
    assert.equal(String(await verifyPeerCertificate(certificate.raw)), String(peerId), time)
    mock.restore()
  }
})

test('its dates are written as RFC 5280 has them: UTCTime until 2049, GeneralizedTime from 2050 on', async () => {
  const certificate = new X509Certificate((await createCertificate(peerKey)).cert)
  const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex')
  const validity = `3020170d${hex('750101000000Z')}180f${hex('40960101000000Z')}`
  assert.ok(certificate.raw.toString('hex').includes(validity))
})

test('no two certificates have one key', async () => {
  const [one, other] = await Promise.all([createCertificate(peerKey), createCertificate(peerKey)])
  assert.notEqual(one.key, other.key)
})

test('another peer than the one expected is refused', async () => {
  const certificate = new X509Certificate((await createCertificate(peerKey)).cert)
  const expected = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  await assert.rejects(checkCertificate(certificate, expected), { name: 'UnexpectedPeerError' })
})

// ---- what no peer sends

/** `bytes` with one run of them exchanged for others. */
function damaged(bytes: Buffer): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.nat(bytes.length), fc.nat(8), fc.uint8Array({ maxLength: 8 }))
    .map(([at, length, other]) => Buffer.concat([bytes.subarray(0, at), other, bytes.subarray(at + length)]))
}

/** That what comes of them is this peer, or a refusal. */
async function assertSound(certificate: X509Certificate): Promise<void> {
  try {
    assert.equal(String(await checkCertificate(certificate)), String(peerId))
  } catch (error) {
    assert.ok(error instanceof Error && error.name === refusal.name, String(error))
  }
}

test('damage anywhere in a certificate is refused, or changes nothing', async () => {
  const { raw } = new X509Certificate((await createCertificate(peerKey)).cert)
  let read = 0
  const property = fc.asyncProperty(damaged(raw), async (bytes) => {
    let certificate: X509Certificate
    try {
      certificate = new X509Certificate(bytes)
    } catch {
      // TLS ends there, too.
      return
    }
    read++
    await assertSound(certificate)
  })
  await fc.assert(property, { numRuns: 2_000 })
  assert.ok(read > 100, `only ${read} were certificates at all`)
})

test('damage in what the peer signs, in a certificate that is otherwise whole, is refused, or changes nothing', async () => {
  const parts = new DerReader(await identityExtension(peerKey, keys)).into(tags.sequence)
  const id = parts.take(tags.objectId)
  const extensionOf = (value: Uint8Array) => element(tags.sequence, id, element(tags.octetString, value))
  const whole = parts.content(tags.octetString)
  const property = fc.asyncProperty(damaged(whole), async (value) => {
    const { cert } = selfSigned(keys, [extensionOf(value)])
    await assertSound(new X509Certificate(cert))
  })
  await fc.assert(property, { numRuns: 1_000, examples: [[whole]] })
})

test('the longest certificates that TLS takes cost less than 10 ms a KiB', async () => {
  const extension = await identityExtension(peerKey, keys)
  const kibibytes = 90
  const tiny = element(tags.sequence, element(tags.objectId, Uint8Array.of(42)), element(tags.octetString))
  const nested = Buffer.alloc(kibibytes * 1024, Buffer.from([0x30, 0x80]))
  for (const many of [
    Array.from({ length: (kibibytes * 1024) / tiny.length }, () => tiny),
    [element(tags.sequence, element(tags.objectId, Uint8Array.of(42)), element(tags.octetString, nested))],
  ]) {
    const certificate = new X509Certificate(selfSigned(keys, [...many, extension]).cert)
    const started = process.cpuUsage()
    assert.equal(String(await checkCertificate(certificate)), String(peerId))
    assert.ok(process.cpuUsage(started).user / 1_000 < 10 * kibibytes)
  }
})

// ---- DER

test('elements are read as they were written, whatever their length', () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 200_000]) {
    const content = Buffer.alloc(length, 7)
    const reader = new DerReader(Buffer.concat([element(tags.octetString, content), element(tags.integer, content)]))
    assert.ok(reader.content(tags.octetString).equals(content))
    assert.ok(reader.take(tags.integer).equals(element(tags.integer, content)))
    assert.equal(reader.tag, undefined)
    reader.end()
  }
})

test('encodings that DER does not allow, and what is cut, are refused', () => {
  const bad = ['', '04', '0401', '0480', '048000', '0481', '048101', '04817f00', '04820001', '0485', '04ff', '0500']
  for (const hex of [...bad, '0484000000010a', `048200ff${'00'.repeat(255)}`]) {
    assert.throws(() => new DerReader(Buffer.from(hex, 'hex')).content(tags.octetString), DerError, hex)
  }
  assert.throws(() => new DerReader(Buffer.from('0400', 'hex')).end(), DerError)
})

test('no bytes make the reader throw anything but its own error, or read beyond them', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    const reader = new DerReader(bytes)
    try {
      let length = 0
      while (reader.tag !== undefined) length += reader.take(reader.tag).length
      assert.equal(length, bytes.length)
    } catch (error) {
      assert.ok(error instanceof DerError, String(error))
    }
  })
  fc.assert(property, { numRuns: 2_000 })
})
