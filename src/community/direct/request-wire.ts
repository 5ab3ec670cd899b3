// The request itself: canonical DAG-CBOR, strict, signed by the device that sends it. Pure. docs/protocol/direct.md, "The
// request".
//
//   request = [payload, signature]
//   payload = [1, certificate, to, name, text, [community, seed, access, peers], token or null, ms]
//
// A request exists only with certificate and signature verified and found to be those of the device at the other end. It
// holds the secret of an invitation: it is never logged. Whatever the bytes, a decoder throws the faults named here alone.

import { encode } from '@ipld/dag-cbor'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, toHex, utf8 } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { didOf, peerIdOf } from '../../identity/core.ts'
import { certificateBytesMax } from '../../identity/limits.ts'
import type { DeviceCertificate, PersonDid } from '../../identity/types.ts'
import { readCertificate } from '../../identity/wire.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { peers as peersField } from '../admission-wire.ts'
import { canonicalValue } from '../canonical.ts'
import type { DirectInvitation } from '../direct-gate.ts'
import * as field from '../fields-wire.ts'
import type { CommunityAccess } from '../types.ts'
import { fault } from './errors.ts'
import { requestBytesMax, requestPeersMax, signatureBytes, textCharsMax, tokenBytes } from './limits.ts'
import type { RequestId } from './wire.ts'

export interface DirectRequest {
  readonly id: RequestId
  readonly from: PersonDid
  readonly certificate: DeviceCertificate
  /** The person who is asked. */
  readonly to: PersonDid
  /** What the asker calls themself. */
  readonly name: string
  /** The message with which they ask; it stands in the conversation, too. */
  readonly text: string
  readonly invitation: DirectInvitation
  /** Of the asked person's contact link; undefined: the two share a community. */
  readonly token: Uint8Array | undefined
  /** When it was made, ms since 1970, by the asker's clock. */
  readonly ms: number
}

const version = 1
const label = utf8('peerhood/direct/request/1')

const community = field.hex<CommunityId>(32)
const seed = field.bytes(32)
const access = field.bytes(32) as field.Codec<CommunityAccess>
const token = field.orNull(field.bytes(tokenBytes))
const certificateBytes = field.bytesUpTo(certificateBytesMax)
const time = field.integer(0, Number.MAX_SAFE_INTEGER)
const text = field.lines(textCharsMax)
const { name, person } = field

/** Whether a text may go with a request. */
export function isText(value: string): boolean {
  return value.trim() !== '' && field.isLines(value, textCharsMax)
}

/** A request, made and signed by this device. `sign`: Ed25519 by its key. */
export function encodeRequest(
  request: Omit<DirectRequest, 'id' | 'from'>,
  sign: (bytes: Uint8Array) => Uint8Array,
): { readonly id: RequestId; readonly bytes: Uint8Array } {
  const { invitation } = request
  const payload = Uint8Array.from(
    encode([
      version,
      request.certificate.bytes,
      person.write(request.to),
      request.name,
      request.text,
      [
        community.write(invitation.community),
        invitation.seed,
        invitation.access,
        peersField.write(invitation.peers.slice(0, requestPeersMax)),
      ],
      token.write(request.token),
      request.ms,
    ]),
  )
  return { id: idOf(payload), bytes: Uint8Array.from(encode([payload, sign(concatBytes(label, payload))])) }
}

function idOf(payload: Uint8Array): RequestId {
  return toHex(sha256(payload)) as RequestId
}

/**
 * `from`: the device at the other end. Throws `direct_request_malformed`, `direct_certificate_wrong`,
 * `direct_signature_wrong`.
 */
export function decodeRequest(bytes: Uint8Array, from: PeerId): DirectRequest {
  if (bytes.length > requestBytesMax) throw malformed()
  const [payload, signature] = listOf(canonicalValue(bytes), 2)
  if (!(payload instanceof Uint8Array) || !(signature instanceof Uint8Array)) throw malformed()
  if (signature.length !== signatureBytes) throw malformed()
  const { certificate: certified, ...rest } = readPayload(payload)
  const certificate = certificateOf(certified, from)
  // RFC 8032 §5.1.7, as for entries: no cofactor, nothing that is not canonical.
  const isSigned = ed25519.verify(signature, concatBytes(label, payload), certificate.device, { zip215: false })
  if (!isSigned) throw fault('direct_signature_wrong')
  return { ...rest, id: idOf(payload), from: didOf(certificate.person), certificate }
}

function readPayload(payload: Uint8Array) {
  const [first, certificate, to, called, said, invitation, shown, ms] = listOf(canonicalValue(payload), 8)
  if (first !== version) throw malformed()
  try {
    return {
      certificate: certificateBytes.read(certificate),
      to: person.read(to),
      name: name.read(called),
      text: textOf(said),
      invitation: readInvitation(invitation),
      token: token.read(shown),
      ms: time.read(ms),
    }
  } catch (error) {
    // Not as a cause: the codecs of fields have codes of their own.
    if (isPeerhoodError(error)) throw malformed()
    throw error
  }
}

function readInvitation(value: unknown): DirectInvitation {
  const [id, secret, key, at] = listOf(value, 4)
  const peers = peersField.read(at)
  if (peers.length > requestPeersMax) throw malformed()
  return { community: community.read(id), seed: seed.read(secret), access: access.read(key), peers }
}

function textOf(value: unknown): string {
  const read = text.read(value)
  if (read.trim() === '') throw malformed()
  return read
}

function certificateOf(bytes: Uint8Array, from: PeerId): DeviceCertificate {
  try {
    const certificate = readCertificate(bytes)
    if (peerIdOf(certificate.device) === from) return certificate
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
  }
  throw fault('direct_certificate_wrong')
}

function listOf(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw malformed()
  return value
}

function malformed() {
  return fault('direct_request_malformed')
}
