// What both sides make of the code in one run: the CPace key, and from it a key for each proof and each message. Pure.
//
//   code ─► generator ─► shares ─► ISK ─HKDF─► proof of the guest, proof of the host, seal of the guest, seal of the host
//
// What must stay true: the channel names both peers, as the encrypted connection authenticated them, in their roles, so
// nothing that one connection carried is worth anything on another; and each key serves one message.

import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes, utf8 } from '../../base/bytes.ts'
import type { PeerId } from '../../network/types.ts'
import { type CpaceInputs, cpaceKey, cpaceShare, joinParts, transcript } from './cpace.ts'
import { tagBytes } from './limits.ts'

/** One run between two peers. */
export interface Run {
  /** `codeSecret`. */
  readonly secret: Uint8Array
  readonly guest: PeerId
  readonly host: PeerId
  readonly guestNonce: Uint8Array
  readonly hostNonce: Uint8Array
}

/** Each is 32 bytes. */
export interface RunKeys {
  readonly guestSeal: Uint8Array
  readonly hostSeal: Uint8Array
  /** What the guest sends to prove that it knows the code, and what the host answers. */
  readonly guestProof: Uint8Array
  readonly hostProof: Uint8Array
}

const label = utf8('/peerhood/meet/1')
const keyBytes = 32

function inputsOf(run: Run): CpaceInputs {
  return {
    secret: run.secret,
    channel: joinParts(label, utf8(run.guest), utf8(run.host)),
    session: concatBytes(run.guestNonce, run.hostNonce),
  }
}

/** This side's share for a scalar, which must be fresh. */
export function runShare(run: Run, scalar: Uint8Array): Uint8Array {
  return cpaceShare(inputsOf(run), scalar)
}

/** Undefined when `theirs` is not a share that an honest peer sends. */
export function runKeys(
  run: Run,
  scalar: Uint8Array,
  shares: { readonly ours: Uint8Array; readonly theirs: Uint8Array; readonly role: 'guest' | 'host' },
): RunKeys | undefined {
  const { ours, theirs, role } = shares
  // Our own share sent back: nobody draws it by chance.
  if (equalBytes(ours, theirs)) return undefined
  const [initiator, responder] = role === 'guest' ? [ours, theirs] : [theirs, ours]
  const sent = { initiator: { share: initiator }, responder: { share: responder } }
  const inputs = inputsOf(run)
  const isk = cpaceKey(inputs, scalar, sent, theirs)
  if (isk === undefined) return undefined
  const okm = hkdf(sha256, isk, inputs.session, concatBytes(label, utf8(' keys')), 4 * keyBytes)
  const key = (index: number) => okm.slice(index * keyBytes, (index + 1) * keyBytes)
  const said = transcript(sent)
  return {
    guestSeal: key(2),
    hostSeal: key(3),
    guestProof: hmac(sha256, key(0), said),
    hostProof: hmac(sha256, key(1), said),
  }
}

/** Compares two proofs in the same time wherever they differ. */
export function isProof(expected: Uint8Array, given: Uint8Array): boolean {
  if (given.length !== tagBytes || expected.length !== tagBytes) return false
  let difference = 0
  for (let i = 0; i < tagBytes; i++) difference |= (expected[i] ?? 0) ^ (given[i] ?? 0)
  return difference === 0
}
