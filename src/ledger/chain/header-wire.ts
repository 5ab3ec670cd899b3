// Headers as Ethereum writes them (Yellow Paper §4.4, EIPs 1559, 4895, 4844, 4788, 7685), and what chains of ours put into
// `extraData`. Strict: what is read is written back byte by byte the same. Which optional fields there must be is a rule of
// the chain (rules.ts), not of the encoding.
//
//   extraData of block 0:   0x00 ‖ keccak-256 of the genesis (32)
//   of every other block:   0x01 ‖ epoch (6, big-endian) ‖ view (6) [ ‖ hash of the next set (32) ]

import { concatBytes, fromHex, toHex } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Address, Hash } from '../types.ts'
import { blockErrors } from './errors.ts'
import { headerBytesMax } from './limits.ts'
import { decodeRlp, encodeRlp, type RlpItem } from './rlp-wire.ts'
import type { Header, HeaderFields } from './types.ts'

export interface Place {
  readonly epoch: number
  readonly view: number
  readonly nextSetHash: Hash | undefined
}

// ---- extraData

const placeVersion = 1
const genesisVersion = 0
const placeBytes = 13
const placeNumberMax = 2 ** 48 - 1

export function encodePlace(place: Place): Uint8Array {
  const next = place.nextSetHash === undefined ? new Uint8Array(0) : bytesOfHex(place.nextSetHash)
  return concatBytes(Uint8Array.of(placeVersion), uint48(place.epoch), uint48(place.view), next)
}

/** Undefined for what is none. */
export function decodePlace(extraData: Uint8Array): Place | undefined {
  const hasNext = extraData.length === placeBytes + 32
  if (extraData[0] !== placeVersion || !(hasNext || extraData.length === placeBytes)) return undefined
  const nextSetHash = hasNext ? hashOfBytes(extraData.subarray(placeBytes)) : undefined
  return { epoch: readUint48(extraData, 1), view: readUint48(extraData, 7), nextSetHash }
}

/** Block 0 names all that the genesis says by its hash. */
export function encodeGenesisExtra(genesisDigest: Hash): Uint8Array {
  return concatBytes(Uint8Array.of(genesisVersion), bytesOfHex(genesisDigest))
}

function uint48(value: number): Uint8Array {
  assert(Number.isSafeInteger(value) && value >= 0 && value <= placeNumberMax, 'epoch and view have 48 bits')
  const bytes = new Uint8Array(6)
  for (let at = 5, left = value; at >= 0; at--, left = Math.floor(left / 256)) bytes[at] = left % 256
  return bytes
}

function readUint48(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let place = at; place < at + 6; place++) value = value * 256 + (bytes[place] ?? 0)
  return value
}

// ---- hex

export function bytesOfHex(hex: Hash | Address): Uint8Array {
  const bytes = fromHex(hex.slice(2))
  assert(bytes !== undefined, 'hashes and addresses are lower-case hex')
  return bytes
}

export function hashOfBytes(bytes: Uint8Array): Hash {
  return `0x${toHex(bytes)}` as Hash
}

export function addressOfBytes(bytes: Uint8Array): Address {
  return `0x${toHex(bytes)}` as Address
}

export function keccak(...parts: readonly Uint8Array[]): Hash {
  return hashOfBytes(keccak256(parts.length === 1 && parts[0] !== undefined ? parts[0] : concatBytes(...parts)))
}

// ---- headers

type Kind = 'hash' | 'address' | 'number' | 'bloom' | 'nonce' | 'extra'

const required: readonly (readonly [keyof HeaderFields, Kind])[] = [
  ['parentHash', 'hash'],
  ['unclesHash', 'hash'],
  ['coinbase', 'address'],
  ['stateRoot', 'hash'],
  ['transactionsRoot', 'hash'],
  ['receiptsRoot', 'hash'],
  ['logsBloom', 'bloom'],
  ['difficulty', 'number'],
  ['number', 'number'],
  ['gasLimit', 'number'],
  ['gasUsed', 'number'],
  ['timestamp', 'number'],
  ['extraData', 'extra'],
  ['mixHash', 'hash'],
  ['nonce', 'nonce'],
]
const optional: readonly (readonly [keyof HeaderFields, Kind])[] = [
  ['baseFeePerGas', 'number'],
  ['withdrawalsRoot', 'hash'],
  ['blobGasUsed', 'number'],
  ['excessBlobGas', 'number'],
  ['parentBeaconBlockRoot', 'hash'],
  ['requestsHash', 'hash'],
]
const fields = [...required, ...optional]
/** How many there are at the Merge and before, since London, Shanghai, Cancun, Prague. */
const fieldCounts = [15, 16, 17, 20, 21]
const lengths: Readonly<Record<'hash' | 'address' | 'bloom' | 'nonce', number>> = {
  hash: 32,
  address: 20,
  bloom: 256,
  nonce: 8,
}

/** A list of RLP items, to be encoded alone or within a block. */
export function headerItems(header: HeaderFields): Uint8Array[] {
  return fields.flatMap(([name]) => {
    const value = header[name]
    return value === undefined ? [] : [itemOf(value)]
  })
}

function itemOf(value: Hash | Address | Uint8Array | bigint): Uint8Array {
  if (typeof value === 'bigint') return bytesOfNumber(value)
  return typeof value === 'string' ? bytesOfHex(value) : value
}

/** RLP's numbers: big-endian, without leading zeros, nothing for zero. */
export function bytesOfNumber(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0)
  const hex = value.toString(16)
  return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`) ?? new Uint8Array(0)
}

export function numberOfBytes(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`)
}

export function encodeHeader(header: HeaderFields): Uint8Array {
  return encodeRlp(headerItems(header))
}

/** Throws `block_malformed`, `block_too_long`. */
export function decodeHeader(bytes: Uint8Array): HeaderFields {
  if (bytes.length > headerBytesMax) throw blockErrors.block_too_long('The header is longer than headers are.')
  const items = decodeRlp(bytes)
  if (items === undefined) throw malformed('is no RLP')
  return fieldsOf(items)
}

/** The items of a header's list, as `decodeRlp` gives them. */
export function fieldsOf(items: RlpItem): HeaderFields {
  if (!Array.isArray(items) || !fieldCounts.includes(items.length)) throw malformed('has another number of fields')
  const entries = items.map((item, place) => {
    const [name, kind] = fields[place] ?? required[0] ?? ['parentHash', 'hash']
    if (!(item instanceof Uint8Array)) throw malformed(`has a list as ${name}`)
    return [name, fieldOf(name, kind, item)]
  })
  return Object.fromEntries(entries) as HeaderFields
}

function fieldOf(name: string, kind: Kind, item: Uint8Array): Hash | Address | Uint8Array | bigint {
  if (kind === 'extra') return Uint8Array.from(item)
  if (kind === 'number') {
    if (item.length > 32 || item[0] === 0) throw malformed(`has a ${name} that is no number`)
    return numberOfBytes(item)
  }
  if (item.length !== lengths[kind]) throw malformed(`has a ${name} of another length`)
  if (kind === 'hash') return hashOfBytes(item)
  return kind === 'address' ? addressOfBytes(item) : Uint8Array.from(item)
}

/** A header with what follows from it. `ours`: `extraData` says the place. */
export function headerOf(fields: HeaderFields, ours: boolean, bytes = encodeHeader(fields)): Header {
  const height = Number(fields.number)
  const timestamp = Number(fields.timestamp)
  if (!Number.isSafeInteger(height) || !Number.isSafeInteger(timestamp)) throw malformed('is too far away')
  const genesisPlace = { epoch: 0, view: 0, nextSetHash: undefined }
  const place = ours ? (height === 0 ? genesisPlace : decodePlace(fields.extraData)) : undefined
  if (ours && place === undefined) throw malformed('says no epoch and view')
  return {
    hash: keccak(bytes),
    parent: fields.parentHash,
    height,
    timestamp,
    coinbase: fields.coinbase,
    stateRoot: fields.stateRoot,
    transactionsRoot: fields.transactionsRoot,
    receiptsRoot: fields.receiptsRoot,
    logsBloom: fields.logsBloom,
    gasLimit: fields.gasLimit,
    gasUsed: fields.gasUsed,
    baseFeePerGas: fields.baseFeePerGas,
    prevRandao: fields.mixHash,
    extraData: fields.extraData,
    place,
    fields,
    bytes,
  }
}

function malformed(what: string) {
  return blockErrors.block_malformed(`The header ${what}.`)
}
