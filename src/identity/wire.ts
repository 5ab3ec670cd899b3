// The device certificate on the wire: made whole, read strictly. Bytes either decode to exactly what we would encode and
// carry both signatures, or they are refused; no certificate value exists that was not checked. docs/protocol/identity.md.

import { decode, encode } from '@ipld/dag-cbor'
import { ed25519 } from '@noble/curves/ed25519.js'
import { concatBytes, equalBytes, utf8 } from '../base/bytes.ts'
import { assert } from '../base/errors.ts'
import { deviceKeyOf } from './core.ts'
import { identityErrors } from './errors.ts'
import { certificateBytesMax } from './limits.ts'
import type { DeviceCertificate, DeviceKey, PersonKey } from './types.ts'

// Each signature is over a label of its own, so neither stands for the other or for anything else that the keys sign
// (libp2p's handshakes sign under labels of their own: "libp2p-tls-handshake:", "noise-libp2p-static-key:").
const personLabel = utf8('peerhood/certificate/person/1')
const deviceLabel = utf8('peerhood/certificate/device/1')

interface Payload {
  readonly device: Uint8Array
  readonly issuedMs: number
  readonly person: Uint8Array
  readonly v: 1
}

/**
 * Certifies a device for a person; needs both secrets (32 bytes each). The device signs too: else anybody could certify
 * a stranger's device, and pass off what it signs as their own (the reason for RFC 9580 §5.2.1.9, Primary Key Binding).
 */
export function issueCertificate(secrets: {
  readonly personSecret: Uint8Array
  readonly deviceSeed: Uint8Array
  readonly issuedMs: number
}): DeviceCertificate {
  const { personSecret, deviceSeed, issuedMs } = secrets
  assert(isTime(issuedMs), 'a time is whole milliseconds since 1970')
  const person = ed25519.getPublicKey(personSecret) as Uint8Array as PersonKey
  const device = deviceKeyOf(deviceSeed)
  const payload = encode<Payload>({ device, issuedMs, person, v: 1 })
  const bytes = encode([
    payload,
    ed25519.sign(concatBytes(personLabel, payload), personSecret),
    ed25519.sign(concatBytes(deviceLabel, payload), deviceSeed),
  ])
  return { person, device, issuedMs, bytes: Uint8Array.from(bytes) }
}

/** Reads and verifies a certificate. Throws `certificate_malformed`, `certificate_not_trusted`, nothing else. */
export function readCertificate(input: Uint8Array): DeviceCertificate {
  if (input.length > certificateBytesMax) {
    throw malformed(`has ${input.length} bytes, at most ${certificateBytesMax} fit`)
  }
  // A copy: network buffers are used again, and what was verified must not change afterwards.
  const bytes = Uint8Array.from(input)
  const [payload, personSignature, deviceSignature] = splitEnvelope(bytes)
  const { person, device, issuedMs } = readPayload(payload)
  verify(personLabel, payload, personSignature, person, 'person')
  verify(deviceLabel, payload, deviceSignature, device, 'device')
  return { person: person as PersonKey, device: device as DeviceKey, issuedMs, bytes }
}

function splitEnvelope(bytes: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
  const envelope = decodeStrictly(bytes)
  if (!Array.isArray(envelope) || envelope.length !== 3) throw malformed('is not a list of three')
  const [payload, personSignature, deviceSignature] = envelope
  if (!(payload instanceof Uint8Array)) throw malformed('has no payload')
  if (!isBytes(personSignature, 64) || !isBytes(deviceSignature, 64)) throw malformed('lacks a signature of 64 bytes')
  return [payload, personSignature, deviceSignature]
}

function readPayload(bytes: Uint8Array): Payload {
  const payload = decodeStrictly(bytes)
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw malformed('has no map inside')
  // Canonical order: shorter keys first, then by bytes. A certificate of a later version has a `v` of its own.
  if (Object.keys(payload).join() !== 'v,device,person,issuedMs')
    throw malformed('does not have exactly its four fields')
  const { v, device, person, issuedMs } = payload as Record<string, unknown>
  if (v !== 1) throw malformed('is of a version that is not known')
  if (!isBytes(device, 32) || !isBytes(person, 32)) throw malformed('has a key that is not 32 bytes long')
  if (!isTime(issuedMs)) throw malformed('has no valid time')
  return { v, device, person, issuedMs }
}

/** Decodes what is canonical: the same value encodes to the same bytes, and nothing follows it. */
function decodeStrictly(bytes: Uint8Array): unknown {
  let value: unknown
  let again: Uint8Array
  try {
    value = decode(bytes)
    again = encode(value)
  } catch (error) {
    throw malformed('is not DAG-CBOR', error)
  }
  if (!equalBytes(again, bytes)) throw malformed('is not in canonical form')
  return value
}

function verify(label: Uint8Array, payload: Uint8Array, signature: Uint8Array, key: Uint8Array, who: string): void {
  // RFC 8032 §5.1.7 with canonical points only; keys of small order, for which one signature fits all, are refused.
  if (ed25519.verify(signature, concatBytes(label, payload), key, { zip215: false })) return
  throw identityErrors.certificate_not_trusted(`The ${who} named in the certificate did not sign it.`)
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function malformed(what: string, cause?: unknown) {
  return identityErrors.certificate_malformed(`The certificate ${what}.`, { cause })
}
