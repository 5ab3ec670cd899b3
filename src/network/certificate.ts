// The certificate that a peer shows in TLS, as libp2p defines it (https://github.com/libp2p/specs/blob/master/tls/tls.md):
// self-signed by a key of its own; an extension has the peer's public key, and its signature over that key. One is made for
// each run of a peer, as the specification allows, and not for each connection.
//
// What must stay true: whoever passes `checkCertificate` holds the key of the peer id that comes back, given that TLS has
// proven possession of the certificate's key. Anything else is refused with `InvalidCryptoExchangeError` (or
// `UnexpectedPeerError`), the errors that libp2p expects of an encrypter, whatever the bytes are.
//
// Dates are not checked, though the specification demands it, because computers' clocks are wrong: a peer that is an hour
// off would have nobody to talk to. They protect nothing here: the peer dates its certificate as it likes, and what its own
// key signs, the certificate's key, has no date. A thief of that key could sign a certificate with other dates by it.

import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { InvalidCryptoExchangeError, type PeerId, type PrivateKey, UnexpectedPeerError } from '@libp2p/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import { DerReader, element, tags } from './der.ts'

/** What node:tls takes: both in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateKeys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** 1.3.6.1.4.1.53594.1.1 */
const identityExtensionId = Buffer.from('2b0601040183a25a0101', 'hex')
/** ecdsa-with-SHA256, RFC 5758 §3.2 */
const signatureAlgorithm = element(tags.sequence, element(tags.objectId, Buffer.from('2a8648ce3d040302', 'hex')))
const versionTag = tags.explicit(0)
const extensionsTag = tags.explicit(3)

function signedByPeer(publicKeyInfo: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('libp2p-tls-handshake:'), publicKeyInfo])
}

// ---- making

export async function createCertificate(peerKey: PrivateKey): Promise<Certificate> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return selfSigned(keys, [await identityExtension(peerKey, keys)])
}

const ofRun = new WeakMap<PrivateKey, Promise<Certificate>>()

/** The certificate of this run, one for all connections and lanes. */
export function certificateOf(peerKey: PrivateKey): Promise<Certificate> {
  const known = ofRun.get(peerKey) ?? createCertificate(peerKey)
  ofRun.set(peerKey, known)
  return known
}

export async function identityExtension(peerKey: PrivateKey, keys: CertificateKeys): Promise<Buffer> {
  const signature = await peerKey.sign(signedByPeer(publicKeyInfoOf(keys)))
  const signedKey = element(
    tags.sequence,
    element(tags.octetString, publicKeyToProtobuf(peerKey.publicKey)),
    element(tags.octetString, signature),
  )
  return element(tags.sequence, element(tags.objectId, identityExtensionId), element(tags.octetString, signedKey))
}

/** RFC 5280 §4.1, without names: nobody needs them, and other libp2p peers have none either. */
export function selfSigned(keys: CertificateKeys, extensions: readonly Uint8Array[]): Certificate {
  const one = element(tags.integer, Uint8Array.of(1))
  const version3 = element(tags.integer, Uint8Array.of(2))
  const nobody = element(tags.sequence)
  // For peers that do check dates: the widest span that they are known to take, the one of rust-libp2p. Dates from 2050 on
  // are written as GeneralizedTime (RFC 5280 §4.1.2.5).
  const validity = element(
    tags.sequence,
    element(tags.utcTime, '750101000000Z'),
    element(tags.generalizedTime, '40960101000000Z'),
  )
  const body = element(
    tags.sequence,
    element(versionTag, version3),
    one,
    signatureAlgorithm,
    nobody,
    validity,
    nobody,
    publicKeyInfoOf(keys),
    element(extensionsTag, element(tags.sequence, ...extensions)),
  )
  const wholeBytes = Uint8Array.of(0)
  const signature = element(tags.bitString, wholeBytes, sign('sha256', body, keys.privateKey))
  const certificate = new X509Certificate(element(tags.sequence, body, signatureAlgorithm, signature))
  return { cert: certificate.toString(), key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

function publicKeyInfoOf({ publicKey }: CertificateKeys): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

// ---- checking

/** The peer whose certificate this is. TLS itself bounds what a peer can send: OpenSSL takes 100 KiB. */
export async function checkCertificate(certificate: X509Certificate, expected?: PeerId): Promise<PeerId> {
  let remotePeer: PeerId
  try {
    remotePeer = await peerOf(certificate)
  } catch (error) {
    if (error instanceof InvalidCryptoExchangeError) throw error
    throw refused(`is malformed: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (expected?.equals(remotePeer) === false) throw new UnexpectedPeerError()
  return remotePeer
}

async function peerOf(certificate: X509Certificate): Promise<PeerId> {
  const { publicKeyInfo, signedKey } = readCertificate(certificate.raw)
  if (!certificate.verify(certificate.publicKey)) throw refused('has a wrong self signature')
  const fields = new DerReader(signedKey).into(tags.sequence)
  const peerKey = publicKeyFromProtobuf(fields.content(tags.octetString))
  const signature = fields.content(tags.octetString)
  fields.end()
  if (!(await peerKey.verify(signedByPeer(publicKeyInfo), signature))) throw refused('is not signed by its peer')
  return peerIdFromCID(peerKey.toCID())
}

function refused(reason: string): InvalidCryptoExchangeError {
  return new InvalidCryptoExchangeError(`The certificate ${reason}.`)
}

/** What counts in a certificate of version 3 (RFC 5280 §4.1), which OpenSSL has already taken for one. */
function readCertificate(bytes: Uint8Array): { readonly publicKeyInfo: Buffer; readonly signedKey: Buffer } {
  const body = new DerReader(bytes).into(tags.sequence).into(tags.sequence)
  body.take(versionTag)
  body.take(tags.integer)
  const signatureIssuerValiditySubject = 4
  for (let index = 0; index < signatureIssuerValiditySubject; index++) body.take(tags.sequence)
  const publicKeyInfo = body.take(tags.sequence)
  // The unique ids that RFC 5280 has before the extensions are forbidden in libp2p.
  const extensions = body.into(extensionsTag).into(tags.sequence)
  body.end()
  return { publicKeyInfo, signedKey: readExtensions(extensions) }
}

/** The content of the one that libp2p defines. */
function readExtensions(extensions: DerReader): Buffer {
  let signedKey: Buffer | undefined
  while (extensions.tag !== undefined) {
    const extension = extensions.into(tags.sequence)
    const isIdentity = extension.content(tags.objectId).equals(identityExtensionId)
    const isCritical = extension.tag === tags.boolean && extension.content(tags.boolean)[0] !== 0
    const value = extension.content(tags.octetString)
    extension.end()
    if (isIdentity && signedKey !== undefined) throw refused('has two keys of a peer')
    if (isIdentity) signedKey = value
    else if (isCritical) throw refused('has a critical extension that is not known')
  }
  if (signedKey === undefined) throw refused('has no key of a peer')
  return signedKey
}
