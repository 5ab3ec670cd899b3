// Which certificates TLS takes from a peer: good ones whatever their dates; and what must be refused, whether the peer
// dialled or was dialled.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { tls } from '@libp2p/tls'
import { generateCertificate } from '@libp2p/tls/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { type CertificateKeys, createCertificate, identityExtension, selfSigned } from './certificate.ts'
import { element, tags } from './der.ts'
import { until } from './testing.ts'
import { socketTls } from './tls.ts'
import {
  assertTaken,
  type CreateEncrypter,
  dialByHand,
  listenByHand,
  noting,
  portOf,
  type Shown,
  startNode,
} from './tls-testing.ts'

const newKey = () => generateKeyPair('Ed25519')
const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const yearMs = 365 * 24 * 60 * 60_000

/** The package's certificate as it makes it where the clock is that far off. */
function datedElsewhere(t: TestContext, privateKey: PrivateKey, offsetMs: number): Promise<Shown> {
  const nowMs = Date.now() + offsetMs
  const { mock } = t.mock.method(Date, 'now', () => nowMs)
  return generateCertificate(privateKey).finally(() => mock.restore())
}

/** An extension that nobody knows. */
function unknownExtension(bytes: number, isCritical: boolean): Buffer {
  const id = element(tags.objectId, Buffer.from('2b0601040183a25a0163', 'hex'))
  const critical = isCritical ? [element(tags.boolean, Uint8Array.of(0xff))] : []
  return element(tags.sequence, id, ...critical, element(tags.octetString, Buffer.alloc(bytes)))
}

/** A certificate with the right extension, and others. */
async function withExtensions(privateKey: PrivateKey, more: readonly Buffer[], keys = newKeys()): Promise<Shown> {
  return selfSigned(keys, [...more, await identityExtension(privateKey, keys)])
}

type Make = (privateKey: PrivateKey, t: TestContext) => Promise<Shown>

const goodCertificates: Readonly<Record<string, Make>> = {
  'made by the package': (key) => generateCertificate(key),
  'made where it is two years later': (key, t) => datedElsewhere(t, key, 2 * yearMs),
  'made where it is two years earlier': (key, t) => datedElsewhere(t, key, -2 * yearMs),
  'made where it is 1970, with an empty battery': (key, t) => datedElsewhere(t, key, -Date.now() + 2 * 60 * 60_000),
  'expired long ago': (key, t) => datedElsewhere(t, key, -101 * yearMs),
  'with an unknown extension of 50 kB': (key) => withExtensions(key, [unknownExtension(50_000, false)]),
}

/** The last byte of a certificate belongs to its own signature. */
function withBadSignature({ cert, key }: { cert: string; key: string }): Shown {
  const lines = cert.trim().split('\n')
  const der = Buffer.from(lines.slice(1, -1).join(''), 'base64')
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
  return { key, cert: [lines[0], der.toString('base64'), lines.at(-1)].join('\n') }
}

/** Names the peer `named`, signed by `privateKey`. */
function impostor(named: PrivateKey, privateKey: PrivateKey): PrivateKey {
  return { ...named, type: 'Ed25519', publicKey: named.publicKey, sign: privateKey.sign.bind(privateKey) } as PrivateKey
}

/** The extension of another certificate of the same peer, which anybody can copy who has seen it. */
async function withExtensionOf(others: CertificateKeys, privateKey: PrivateKey): Promise<Shown> {
  return selfSigned(newKeys(), [await identityExtension(privateKey, others)])
}

async function withExtensionTwice(privateKey: PrivateKey): Promise<Shown> {
  const keys = newKeys()
  return withExtensions(privateKey, [await identityExtension(privateKey, keys)], keys)
}

async function withCompany(privateKey: PrivateKey): Promise<Shown> {
  const [{ cert, key }, { cert: second }] = [
    await createCertificate(privateKey),
    await createCertificate(await newKey()),
  ]
  return { cert: cert + second, key }
}

function withMalformedExtension(): Shown {
  const id = element(tags.objectId, Buffer.from('2b0601040183a25a0101', 'hex'))
  return selfSigned(newKeys(), [element(tags.sequence, id, element(tags.octetString, Buffer.alloc(100, 0x30)))])
}

const badCertificates: Readonly<Record<string, readonly [RegExp, Make]>> = {
  tampered: [/self signature/, async (key) => withBadSignature(await createCertificate(key))],
  "with another peer's identity": [
    /not signed by its peer/,
    async (key) => createCertificate(impostor(await newKey(), key)),
  ],
  'with an extension copied from another': [/not signed by its peer/, (key) => withExtensionOf(newKeys(), key)],
  'without extensions': [/no key of a peer/, async () => selfSigned(newKeys(), [])],
  'with a wrong extension': [/no key of a peer/, async () => selfSigned(newKeys(), [unknownExtension(100, false)])],
  'with a malformed extension': [/malformed/, async () => withMalformedExtension()],
  'with its extension twice': [/two keys of a peer/, withExtensionTwice],
  'with a critical extension that is unknown': [/critical/, (key) => withExtensions(key, [unknownExtension(9, true)])],
  'in a chain': [/two certificates/, withCompany],
  // OpenSSL's own limit is 100 KiB.
  'without end': [/./, (key) => withExtensions(key, [unknownExtension(200_000, false)])],
}

for (const [name, make] of Object.entries(goodCertificates)) {
  test(`a certificate that is good: ${name}`, async (t) => {
    const node = await startNode(t, { encrypters: [socketTls()] })
    const { secured } = await dialByHand(t, portOf(node), await make(await newKey(), t))
    await once(secured, 'secureConnect')
    await assertTaken(secured)
  })
}

const none: [string, readonly [RegExp, Make]] = ['none', [/no certificate/, async () => ({})]]

for (const [name, [reason, make]] of [none, ...Object.entries(badCertificates)]) {
  test(`a certificate that is refused: ${name}`, async (t) => {
    const reasons: string[] = []
    const node = await startNode(t, { encrypters: [noting(socketTls(), reasons)] })
    const { raw } = await dialByHand(t, portOf(node), await make(await newKey(), t))
    await until('it is refused', () => raw.destroyed)
    assert.match(reasons.join(), reason)
    assert.equal(node.getConnections().length, 0)
  })
}

for (const [name, [reason, make]] of Object.entries(badCertificates)) {
  test(`a certificate that is refused of who was dialled: ${name}`, async (t) => {
    const reasons: string[] = []
    const node = await startNode(t, { encrypters: [noting(socketTls(), reasons)] })
    const { port, isClosed } = await listenByHand(t, await make(await newKey(), t))
    await assert.rejects(node.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`)))
    await until('it is closed', isClosed)
    assert.match(reasons.join(), reason)
    assert.equal(node.getConnections().length, 0)
  })
}

test('a certificate that is refused: over WebSocket', async (t) => {
  const reasons: string[] = []
  const someone = await newKey()
  const forging: CreateEncrypter = (components) =>
    tls()({
      logger: components.logger,
      get upgrader() {
        return components.upgrader
      },
      get privateKey() {
        return impostor(someone, components.privateKey)
      },
    })
  const to = await startNode(t, { encrypters: [noting(socketTls(), reasons)], listen: '/ip4/127.0.0.1/tcp/0/ws' })
  const from = await startNode(t, { encrypters: [forging] })
  // Whoever dials is done with the handshake before the other side has looked at the certificate.
  await from.dial(to.getMultiaddrs()).catch(() => {})
  await until('it is refused', () => reasons.length > 0)
  assert.match(reasons.join(), /not signed by its peer/)
  assert.equal(to.getConnections().length, 0)
})
