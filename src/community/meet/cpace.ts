// CPace, a balanced password-authenticated key exchange (draft-irtf-cfrg-cpace-20), suite CPACE-RISTR255-SHA512 in the
// initiator-responder setting: two sides that know the same short code get the same strong key, and who does not know it
// learns nothing but whether one guess was right. Pure.
//
// What must stay true: a scalar serves once; K never leaves this file ("Key derivation": a leaked K allows guessing
// offline); shares that are no point, and such that lead to the neutral element, give no key (§6.2: "MUST abort if K=G.I").

import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import { scalarBytes, shareBytes } from './limits.ts'

/** What both sides must have in common. */
export interface CpaceInputs {
  /** The password-related string: the code. */
  readonly secret: Uint8Array
  /** The channel identifier CI: who talks to whom, in which roles ("Party identifiers"). */
  readonly channel: Uint8Array
  /** Fresh for each run, from both sides ("Nonce values"). */
  readonly session: Uint8Array
}

/** A share with the data that goes with it, as its sender sent them; empty where there is none. */
export interface CpaceMessage {
  readonly share: Uint8Array
  readonly data?: Uint8Array
}

type Point = InstanceType<typeof ristretto255.Point>

const { Point } = ristretto255
// draft §7.3, G_Ristretto255.DSI, and §6.2, G.DSI || b"_ISK".
const suite = utf8('CPaceRistretto255')
const suiteKey = utf8('CPaceRistretto255_ISK')
/** H.s_in_bytes of SHA-512. */
const hashBlockBytes = 128
const none = new Uint8Array(0)

/** Ya or Yb: what is sent. `scalar` is {@link scalarBytes} of fresh randomness. */
export function cpaceShare(inputs: CpaceInputs, scalar: Uint8Array): Uint8Array {
  return multiply(scalar, generator(inputs)).toBytes()
}

/**
 * The intermediate session key ISK (64 bytes) of the one who made `scalar`; undefined when the other side's share is no
 * valid point or K is the neutral element. `initiator` and `responder` are what both sent, one's own included.
 */
export function cpaceKey(
  inputs: CpaceInputs,
  scalar: Uint8Array,
  sent: { readonly initiator: CpaceMessage; readonly responder: CpaceMessage },
  theirs: Uint8Array,
): Uint8Array | undefined {
  const point = decodePoint(theirs)
  if (point === undefined) return undefined
  const shared = multiply(scalar, point)
  if (shared.is0()) return undefined
  return sha512(concatBytes(joinParts(suiteKey, inputs.session, shared.toBytes()), transcript(sent)))
}

/** draft §5.3, transcript_ir: what both sides have sent, in the order of their roles. */
export function transcript(sent: { readonly initiator: CpaceMessage; readonly responder: CpaceMessage }): Uint8Array {
  const { initiator, responder } = sent
  return joinParts(initiator.share, initiator.data ?? none, responder.share, responder.data ?? none)
}

/** draft §5.3, lv_cat: each part after its own length, so that no two lists of parts join alike. */
export function joinParts(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...parts.flatMap((part) => [leb128(part.length), part]))
}

function leb128(length: number): Uint8Array {
  const bytes: number[] = []
  let rest = length
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Uint8Array.of(...bytes, rest)
}

/** draft §7.1, generator_string: the secret is padded so that it fills the first block of the hash whatever its length. */
export function generatorString({ secret, channel, session }: CpaceInputs): Uint8Array {
  const taken = leb128(secret.length).length + secret.length + leb128(suite.length).length + suite.length
  const padding = new Uint8Array(Math.max(0, hashBlockBytes - taken - 1))
  return joinParts(suite, secret, padding, channel, session)
}

function generator(inputs: CpaceInputs): Point {
  // RFC 9496 §4.3.4, element derivation, from the 64 bytes of the hash. Optional in the library's type only.
  const point = ristretto255_hasher.deriveToCurve?.(sha512(generatorString(inputs)))
  assert(point !== undefined, 'ristretto255 derives elements')
  return point
}

/** Undefined for what is no canonical encoding of an element (RFC 9496 §4.3.1). */
function decodePoint(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== shareBytes) return undefined
  try {
    return Point.fromBytes(Uint8Array.from(bytes))
  } catch {
    return undefined
  }
}

function multiply(scalar: Uint8Array, point: Point): Point {
  assert(scalar.length === scalarBytes, 'a scalar has 32 bytes')
  // draft §7.3, sample_scalar: bits above group_size_bits (252) are cleared; the rest is below the group's order.
  let value = BigInt((scalar[scalarBytes - 1] ?? 0) & 0x0f)
  for (let at = scalarBytes - 2; at >= 0; at--) value = (value << 8n) | BigInt(scalar[at] ?? 0)
  return value === 0n ? Point.ZERO : point.multiply(value)
}
