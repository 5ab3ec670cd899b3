// Parameters, strictly: what a parser returns has been checked in full. Each throws -32602 and says which argument is wrong
// and how; the wording of hex errors is geth's, since tools compare it.

import { fromHex } from '../../base/bytes.ts'
import type { Address, Hash } from '../types.ts'
import { paramsWrong } from './errors.ts'

/** `at` names the place: `argument 0`, `argument 0: field "to"`. */
export type Parse<Value> = (value: unknown, at: string) => Value

export type BlockTag = 'latest' | 'safe' | 'finalized' | 'pending' | 'earliest'
/** EIP-1898, and the plain forms. */
export type BlockRef =
  | { readonly kind: 'tag'; readonly tag: BlockTag }
  | { readonly kind: 'number'; readonly height: number }
  | { readonly kind: 'hash'; readonly hash: Hash; readonly canonical: boolean }

const tags: ReadonlySet<string> = new Set(['latest', 'safe', 'finalized', 'pending', 'earliest'])
const uint64Max = 2n ** 64n - 1n
const uint256Max = 2n ** 256n - 1n

export function wrong(at: string, problem: string) {
  return paramsWrong(`invalid ${at}: ${problem}`)
}

function digitsOf(value: unknown, at: string): string {
  if (typeof value !== 'string') throw wrong(at, `expected a hex string, got ${nameOf(value)}`)
  if (value === '') throw wrong(at, 'empty hex string')
  if (!/^0x/i.test(value)) throw wrong(at, 'hex string without 0x prefix')
  const digits = value.slice(2)
  if (!/^[0-9a-f]*$/i.test(digits)) throw wrong(at, 'invalid hex string')
  return digits.toLowerCase()
}

export function nameOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function quantityMax(max: bigint, bits: number): Parse<bigint> {
  return (value, at) => {
    const digits = digitsOf(value, at)
    if (digits === '') throw wrong(at, 'hex string "0x"')
    if (digits.length > 1 && digits.startsWith('0')) throw wrong(at, 'hex number with leading zero digits')
    // Longer ones would only cost time.
    if (digits.length > 64) throw wrong(at, `hex number > ${bits} bits`)
    const number = BigInt(`0x${digits}`)
    if (number > max) throw wrong(at, `hex number > ${bits} bits`)
    return number
  }
}

export const parseUint256 = quantityMax(uint256Max, 256)
export const parseUint64 = quantityMax(uint64Max, 64)

/** A height, an index, a count. */
export const parseNumber: Parse<number> = (value, at) => {
  const number = parseUint64(value, at)
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw wrong(at, 'number too large')
  return Number(number)
}

/** Some tools send counts as JSON numbers. */
export const parseLooseNumber: Parse<number> = (value, at) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : parseNumber(value, at)

export function parseBytesMax(bytesMax: number): Parse<Uint8Array> {
  return (value, at) => {
    const digits = digitsOf(value, at)
    if (digits.length % 2 !== 0) throw wrong(at, 'hex string of odd length')
    if (digits.length > 2 * bytesMax) throw wrong(at, `more than ${bytesMax} bytes`)
    return fromHex(digits) ?? new Uint8Array()
  }
}

function fixed<Value extends string>(length: number, what: string): Parse<Value> {
  return (value, at) => {
    if (typeof value === 'string' && value !== '' && !/^0x/i.test(value)) {
      throw wrong(at, `json: cannot unmarshal hex string without 0x prefix into Go value of type common.${what}`)
    }
    const digits = digitsOf(value, at)
    if (digits.length !== 2 * length) {
      throw wrong(at, `hex string has length ${digits.length}, want ${2 * length} for common.${what}`)
    }
    return `0x${digits}` as Value
  }
}

export const parseHash = fixed<Hash>(32, 'Hash')
/** Any case: the checksum is for people, and other tools don't check it either. */
export const parseAddress = fixed<Address>(20, 'Address')

/** A slot: up to 32 bytes, zeros at the left are filled in. */
export const parseSlot: Parse<Hash> = (value, at) => {
  const digits = digitsOf(value, at)
  if (digits.length > 64) throw wrong(at, `storage key too long (want at most 32 bytes): ${digits.length / 2} bytes`)
  return `0x${digits.padStart(64, '0')}` as Hash
}

export const parseBoolean: Parse<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw wrong(at, `expected a boolean, got ${nameOf(value)}`)
  return value
}

export function parseObject(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(at, `expected an object, got ${nameOf(value)}`)
  }
  return value as Record<string, unknown>
}

export function parseList<Value>(item: Parse<Value>, itemsMax: number): Parse<readonly Value[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw wrong(at, `expected an array, got ${nameOf(value)}`)
    if (value.length > itemsMax) throw wrong(at, `more than ${itemsMax} entries`)
    return value.map((entry, index) => item(entry, `${at}: entry ${index}`))
  }
}

/** A field of an object that may be absent or null. */
export function field<Value>(
  object: Readonly<Record<string, unknown>>,
  name: string,
  parse: Parse<Value>,
  at: string,
): Value | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  return value === undefined || value === null ? undefined : parse(value, `${at}: field "${name}"`)
}

const heightMax = uint64Max / 2n

export const parseBlockNumber: Parse<BlockRef> = (value, at) => {
  if (typeof value === 'string' && tags.has(value)) return { kind: 'tag', tag: value as BlockTag }
  const number = parseUint64(value, at)
  if (number > heightMax) throw wrong(at, 'block number larger than int64')
  // Nobody has a block that far up; a height that no double holds is one that nobody has.
  return { kind: 'number', height: Math.min(Number(number), Number.MAX_SAFE_INTEGER) }
}

/** A number, a tag, a hash of 32 bytes, or an object of EIP-1898. */
export const parseBlock: Parse<BlockRef> = (value, at) => {
  if (typeof value === 'string' && value.length === 66) {
    return { kind: 'hash', hash: parseHash(value, at), canonical: false }
  }
  if (typeof value !== 'object' || value === null) return parseBlockNumber(value, at)
  const object = parseObject(value, at)
  const number = field(object, 'blockNumber', parseBlockNumber, at)
  const hash = field(object, 'blockHash', parseHash, at)
  if (number !== undefined && hash !== undefined) {
    throw wrong(at, 'cannot specify both BlockHash and BlockNumber, choose one or the other')
  }
  if (number !== undefined) return number
  if (hash === undefined) throw wrong(at, 'neither blockHash nor blockNumber')
  return { kind: 'hash', hash, canonical: field(object, 'requireCanonical', parseBoolean, at) ?? false }
}

export const latest: BlockRef = { kind: 'tag', tag: 'latest' }

/** Positional parameters of one request. */
export interface Params {
  readonly count: number
  required<Value>(index: number, parse: Parse<Value>): Value
  /** Absent or null: `otherwise`. */
  optional<Value, Otherwise>(index: number, parse: Parse<Value>, otherwise: Otherwise): Value | Otherwise
}

export function paramsOf(list: readonly unknown[]): Params {
  return {
    count: list.length,
    required(index, parse) {
      const value = list[index]
      if (value === undefined || value === null) throw paramsWrong(`missing value for required argument ${index}`)
      return parse(value, `argument ${index}`)
    },
    optional(index, parse, otherwise) {
      const value = list[index]
      return value === undefined || value === null ? otherwise : parse(value, `argument ${index}`)
    },
  }
}
