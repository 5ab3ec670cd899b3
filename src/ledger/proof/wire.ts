// Proof files: JSON with byte strings as `0x…`, so that they can be mailed, printed and looked at. Read strictly; throws
// `ledger_proof_malformed` and nothing else.

import { fromHex, toHex } from '../../base/bytes.ts'
import { ledgerErrors } from '../errors.ts'
import type { Address } from '../types.ts'
import { proofCharsMax, proofEpochsMax, proofHeadersMax, proofNodesMax } from './limits.ts'
import type { Claim, EpochStep, Proof } from './types.ts'

const format = 'peerhood-ledger-proof'
const version = 1
const genesisBytesMax = 57_344
const piecesBytesMax = 1_048_576

export function encodeProof(proof: Proof): string {
  const { genesis, first, epochs, headers, certificate, claim } = proof
  const steps = epochs.map((step) => ({
    header: hex(step.header),
    certificate: hex(step.certificate),
    next: step.next,
    ...(step.recovery === undefined ? {} : { recovery: hex(step.recovery) }),
  }))
  const file = {
    ...{ format, version, genesis: hex(genesis), first: hex(first), epochs: steps, headers: headers.map(hex) },
    certificate: hex(certificate),
    claim: writeClaim(claim),
  }
  return `${JSON.stringify(file, undefined, 2)}\n`
}

function writeClaim(claim: Claim): object {
  if (claim.kind === 'balance') return { kind: claim.kind, address: claim.address, proof: claim.proof.map(hex) }
  const { kind, index, transaction, proof, receipt, receiptProof } = claim
  return {
    ...{ kind, index, transaction: hex(transaction), proof: proof.map(hex) },
    ...{ receipt: hex(receipt), receiptProof: receiptProof.map(hex) },
  }
}

export function decodeProof(text: string): Proof {
  if (text.length > proofCharsMax) throw malformed('is too long')
  const file = record(parse(text))
  if (file.format !== format) throw malformed('is no proof of a ledger')
  if (file.version !== version) throw malformed('is of a newer version')
  const headers = list(file.headers, proofHeadersMax, (item) => bytes(item, piecesBytesMax))
  if (headers.length === 0) throw malformed('has no header')
  return {
    genesis: bytes(file.genesis, genesisBytesMax),
    first: bytes(file.first, piecesBytesMax),
    epochs: list(file.epochs, proofEpochsMax, readStep),
    headers,
    certificate: bytes(file.certificate, piecesBytesMax),
    claim: readClaim(record(file.claim)),
  }
}

function readStep(item: unknown): EpochStep {
  const { header, certificate, next, recovery } = record(item)
  return {
    header: bytes(header, piecesBytesMax),
    certificate: bytes(certificate, piecesBytesMax),
    next: list(next, 100, address),
    recovery: recovery === undefined ? undefined : bytes(recovery, piecesBytesMax),
  }
}

function readClaim(claim: Readonly<Record<string, unknown>>): Claim {
  const nodes = (value: unknown) => list(value, proofNodesMax, (item) => bytes(item, piecesBytesMax))
  const proof = nodes(claim.proof)
  if (claim.kind === 'balance') return { kind: 'balance', address: address(claim.address), proof }
  const { kind, index } = claim
  const isIndex = typeof index === 'number' && Number.isSafeInteger(index) && index >= 0
  if (kind !== 'transaction' || !isIndex) throw malformed('claims something unknown')
  return {
    ...{ kind, index, proof },
    transaction: bytes(claim.transaction, piecesBytesMax),
    receipt: bytes(claim.receipt, piecesBytesMax),
    receiptProof: nodes(claim.receiptProof),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('is no JSON')
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw malformed('lacks a part')
}

function list<Item>(value: unknown, max: number, read: (item: unknown) => Item): readonly Item[] {
  if (Array.isArray(value) && value.length <= max) return value.map((item) => read(item))
  throw malformed('lacks a list, or has one that is too long')
}

function bytes(value: unknown, max: number): Uint8Array {
  const read = typeof value === 'string' && value.startsWith('0x') ? fromHex(value.slice(2)) : undefined
  if (read !== undefined && read.length <= max) return read
  throw malformed('lacks bytes, or has too many')
}

function address(value: unknown): Address {
  if (typeof value === 'string' && /^0x[0-9a-f]{40}$/.test(value)) return value as Address
  throw malformed('lacks an address')
}

function hex(value: Uint8Array): string {
  return `0x${toHex(value)}`
}

function malformed(what: string) {
  return ledgerErrors.ledger_proof_malformed(`The file ${what}.`)
}
