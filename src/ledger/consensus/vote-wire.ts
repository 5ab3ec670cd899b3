// Votes, certificates and evidence as bytes, and what is signed (docs/protocol/consensus.md).
//
//   digest      = keccak-256('peerhood/ledger/vote/1' ‖ genesis hash ‖ epoch (u64) ‖ view (u64) ‖ kind (u8) ‖ block hash)
//   set hash    = keccak-256('peerhood/ledger/set/1' ‖ epoch (u64) ‖ addresses)
//   ballot      = kind (u8) ‖ epoch (u64) ‖ view (u64) ‖ block hash (32, not with nullify)
//   vote        = ballot ‖ signature of one
//   certificate = ballot ‖ count (u8) ‖ signatures, by ascending place
//   signature   = place in the set (u8) ‖ r (32) ‖ s (32) ‖ v (u8, 27 or 28)
//
// All numbers big-endian; with nullify the digest has 32 zero bytes for the block. Everything packed, so a contract makes the same
// digest by abi.encodePacked. Must stay true: one value, one encoding.

import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes, toHex, utf8 } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import type { Hash, ValidatorSet } from '../types.ts'
import { Cursor, hexBytes, u8, u64 } from './cursor.ts'
import { consensusErrors } from './errors.ts'
import { validatorsMax } from './limits.ts'
import type { Ballot, Certificate, Evidence, Vote, VoteKind } from './types.ts'

export const signatureBytes = 65
const kinds: Readonly<Record<VoteKind, number>> = { notarize: 1, nullify: 2, finalize: 3 }
const kindNames = new Map<number, VoteKind>(Object.entries(kinds).map(([name, code]) => [code, name as VoteKind]))

const voteDomain = utf8('peerhood/ledger/vote/1')
const setDomain = utf8('peerhood/ledger/set/1')
const noBlock = new Uint8Array(32)

/** What a validator signs. */
export function voteDigest(genesisHash: Hash, { kind, epoch, view, block }: Ballot): Uint8Array {
  const about = block === undefined ? noBlock : hexBytes(block)
  return keccak_256(concatBytes(voteDomain, hexBytes(genesisHash), u64(epoch), u64(view), u8(kinds[kind]), about))
}

/** What a header carries of the set that takes over. */
export function setHash(set: ValidatorSet): Hash {
  const digest = keccak_256(concatBytes(setDomain, u64(set.epoch), ...set.validators.map(hexBytes)))
  return `0x${toHex(digest)}` as Hash
}

export function malformed(what = 'A consensus message does not have the form that it must have.') {
  return consensusErrors.consensus_message_malformed(what)
}

function writeBallot({ kind, epoch, view, block }: Ballot): Uint8Array {
  assert((kind === 'nullify') === (block === undefined), 'a nullify vote is about no block, every other about one')
  return concatBytes(u8(kinds[kind]), u64(epoch), u64(view), block === undefined ? new Uint8Array(0) : hexBytes(block))
}

function readBallot(from: Cursor): Ballot {
  const kind = kindNames.get(from.u8())
  const epoch = from.u64()
  const view = from.u64()
  if (kind === undefined || view === 0) throw malformed()
  return { kind, epoch, view, block: kind === 'nullify' ? undefined : from.hash() }
}

type Signed = Pick<Vote, 'validator' | 'signature'>

function writeSigned({ validator, signature }: Signed): Uint8Array {
  assert(signature.length === signatureBytes, 'a signature has 65 bytes')
  return concatBytes(u8(validator), signature)
}

function readSigned(from: Cursor): Signed {
  const validator = from.u8()
  const signature = from.take(signatureBytes)
  const recovery = signature[signatureBytes - 1]
  if (validator >= validatorsMax || (recovery !== 27 && recovery !== 28)) throw malformed()
  return { validator, signature }
}

export function writeVote(vote: Vote): Uint8Array {
  return concatBytes(writeBallot(vote), writeSigned(vote))
}

export function readVote(from: Cursor): Vote {
  return { ...readBallot(from), ...readSigned(from) }
}

export function writeCertificate(certificate: Certificate): Uint8Array {
  const { signatures } = certificate
  assert(signatures.length >= 1 && signatures.length <= validatorsMax, 'a certificate has 1 to 100 signatures')
  return concatBytes(writeBallot(certificate), u8(signatures.length), ...signatures.map(writeSigned))
}

export function readCertificate(from: Cursor): Certificate {
  const ballot = readBallot(from)
  const count = from.u8()
  if (count < 1 || count > validatorsMax) throw malformed()
  const signatures: Signed[] = []
  for (let before = -1; signatures.length < count; ) {
    const signed = readSigned(from)
    if (signed.validator <= before) throw malformed()
    before = signed.validator
    signatures.push(signed)
  }
  return { ...ballot, signatures }
}

/** Reads all of the bytes as one thing. */
export function whole<Value>(bytes: Uint8Array, read: (from: Cursor) => Value): Value {
  const from = new Cursor(bytes, malformed)
  const value = read(from)
  from.end()
  return value
}

export function encodeVote(vote: Vote): Uint8Array {
  return writeVote(vote)
}

/** Throws `consensus_message_malformed`. */
export function decodeVote(bytes: Uint8Array): Vote {
  return whole(bytes, readVote)
}

export function encodeCertificate(certificate: Certificate): Uint8Array {
  return writeCertificate(certificate)
}

/** Throws `consensus_message_malformed`. */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  return whole(bytes, readCertificate)
}

export function encodeEvidence({ first, second }: Evidence): Uint8Array {
  return concatBytes(writeVote(first), writeVote(second))
}

/** Throws `consensus_message_malformed`; whether the votes contradict each other is for `checkEvidence`. */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  return whole(bytes, (from) => ({ first: readVote(from), second: readVote(from) }))
}
