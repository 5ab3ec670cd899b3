// What is kept with a final block so that anyone can see that it is final: a quorum's finalize certificate on it or, where an epoch
// ended and its last views carried nothing, on a descendant, with the headers down to it.
//
//   finality = certificate (consensus' encoding)                                  on the block itself
//            | 0x00 ‖ certificate (u32 length, bytes) ‖ headers of the trail (u16 count; u32 length, RLP)

import { concatBytes } from '../../base/bytes.ts'
import { decodeHeader, headerOf } from '../chain/header-wire.ts'
import { headerBytesMax } from '../chain/limits.ts'
import type { Header } from '../chain/types.ts'
import { checkCertificate } from '../consensus/certificate-core.ts'
import type { Certificate, Recover } from '../consensus/types.ts'
import { decodeCertificate, encodeCertificate } from '../consensus/vote-wire.ts'
import type { Hash, ValidatorSet } from '../types.ts'
import { Cursor, listBytes, sized, u8 } from './cursor.ts'
import { fault } from './errors.ts'
import { certificateBytesMax, trailMax } from './limits.ts'

export interface Finality {
  readonly certificate: Certificate
  /** RLP of headers, the child of the block first; empty: the certificate is on the block. */
  readonly trail: readonly Uint8Array[]
}

/** No kind of vote has this number, so no certificate begins with it. */
const withTrail = 0

export function encodeFinality({ certificate, trail }: Finality): Uint8Array {
  const bytes = encodeCertificate(certificate)
  return trail.length === 0 ? bytes : concatBytes(u8(withTrail), sized(bytes), listBytes(trail, sized))
}

/** Throws `ledger_certificate_invalid`. */
export function decodeFinality(bytes: Uint8Array): Finality {
  const wrong = () => fault('ledger_certificate_invalid')
  if (bytes[0] !== withTrail) return { certificate: certificateIn(bytes, wrong), trail: [] }
  const cursor = new Cursor(bytes.subarray(1), wrong)
  const certificate = certificateIn(cursor.bytes(certificateBytesMax, 1), wrong)
  const trail = cursor.list(trailMax, () => cursor.bytes(headerBytesMax, 1))
  cursor.end()
  if (trail.length === 0) throw wrong()
  return { certificate, trail }
}

function certificateIn(bytes: Uint8Array, wrong: () => Error): Certificate {
  try {
    return decodeCertificate(bytes)
  } catch {
    throw wrong()
  }
}

export interface FinalityContext {
  /** Who decides on the block. */
  readonly set: ValidatorSet
  readonly genesisHash: Hash
  readonly recover: Recover
}

/** Whether this makes the block final. Throws `ledger_certificate_invalid` where it does not; gives the signatures' number. */
export function checkFinality(block: Pick<Header, 'hash'>, bytes: Uint8Array, context: FinalityContext): number {
  const { certificate, trail } = decodeFinality(bytes)
  let tip = block.hash
  for (const header of trail.map((one) => readHeader(one))) {
    if (header.parent !== tip || header.place?.epoch !== context.set.epoch) throw fault('ledger_certificate_invalid')
    tip = header.hash
  }
  const isOfTip = certificate.kind === 'finalize' && certificate.block === tip
  if (!isOfTip || !checkCertificate(certificate, context.set, context.genesisHash, context.recover)) {
    throw fault('ledger_certificate_invalid')
  }
  return certificate.signatures.length
}

/** A header of a chain of ours. Throws `ledger_block_invalid`. */
export function readHeader(bytes: Uint8Array): Header {
  try {
    return headerOf(decodeHeader(bytes), true, bytes)
  } catch {
    throw fault('ledger_block_invalid')
  }
}
