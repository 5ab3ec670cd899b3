// Structured data to sign (EIP-712), shown field by field. What is signed must be all that is shown and the other way round:
// a field that the types do not name, or a value that its type does not allow, makes it unusable. Pure.

import { hashTypedData } from 'viem/utils'
import { readAddress, shownAddress } from './address-core.ts'
import { wordEnd } from './amount-core.ts'
import { walletErrors } from './errors.ts'
import { linesMax, typedCharsMax, typedDepthMax } from './limits.ts'
import { valueLine } from './text-core.ts'
import type { LineView } from './types.ts'

interface Field {
  readonly name: string
  readonly type: string
}
type Types = Readonly<Record<string, readonly Field[]>>

export interface TypedData {
  readonly types: Types
  readonly primaryType: string
  readonly domain: Readonly<Record<string, unknown>>
  readonly message: Readonly<Record<string, unknown>>
  readonly digest: `0x${string}`
  readonly lines: readonly LineView[]
}

const identifier = /^[A-Za-z_$][\w$]{0,63}$/
const domainFields: Readonly<Record<string, string>> = {
  name: 'string',
  version: 'string',
  chainId: 'uint256',
  verifyingContract: 'address',
  salt: 'bytes32',
}

/** From an object, or JSON of one. Throws `wallet_typed_unusable`. */
export function readTyped(value: unknown): TypedData {
  const { types: given, primaryType, domain, message } = record(asObject(value), 'it')
  const declared = typesOf(given)
  if (typeof primaryType !== 'string' || declared[primaryType] === undefined)
    throw unusable('its main type is not declared')
  if (primaryType === 'EIP712Domain') throw unusable('it signs nothing but a domain')
  const domainValues = record(domain, 'its domain')
  const domainTypes = domainTypesOf(domainValues, declared.EIP712Domain)
  const types = { ...declared, EIP712Domain: domainTypes }
  const writer = new Writer(types)
  writer.struct('EIP712Domain', domainValues, 0)
  writer.add(primaryType, '', 0)
  writer.struct(primaryType, record(message, 'its message'), 1)
  const data = { types, primaryType, domain: domainValues, message: record(message, 'its message') }
  return { ...data, digest: digestOf(data), lines: writer.lines }
}

/** What `domain.chainId` says; undefined: nothing, so that the signature is good on every chain. */
export function chainIdOf({ domain }: TypedData): bigint | undefined {
  return domain.chainId === undefined ? undefined : wordOf(domain.chainId)
}

function digestOf(data: Omit<TypedData, 'digest' | 'lines'>): `0x${string}` {
  try {
    return hashTypedData(data as unknown as Parameters<typeof hashTypedData>[0])
  } catch {
    // The library's error quotes all of it.
    throw unusable('its values do not fit its types')
  }
}

function asObject(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text === undefined || text.length > typedCharsMax) throw unusable(`it has more than ${typedCharsMax} characters`)
  try {
    return JSON.parse(text)
  } catch {
    throw unusable('it is no JSON')
  }
}

function typesOf(value: unknown): Types {
  const types: Record<string, readonly Field[]> = Object.create(null)
  for (const [name, fields] of Object.entries(record(value, 'its types'))) {
    if (!identifier.test(name) || !Array.isArray(fields)) throw unusable('a type has no name or no fields')
    types[name] = fields.map(fieldOf)
    if (new Set(types[name].map((field) => field.name)).size !== fields.length)
      throw unusable(`${name} has a field twice`)
  }
  return types
}

function fieldOf(value: unknown): Field {
  const { name, type } = record(value, 'a field')
  if (typeof name !== 'string' || typeof type !== 'string' || !identifier.test(name) || type.length > 80) {
    throw unusable('a field has no name or no type')
  }
  return { name, type }
}

function domainTypesOf(
  domain: Readonly<Record<string, unknown>>,
  declared: readonly Field[] | undefined,
): readonly Field[] {
  const unknown = Object.keys(domain).find((name) => domainFields[name] === undefined)
  if (unknown !== undefined) throw unusable('its domain has a field that EIP-712 does not know')
  const present = Object.keys(domainFields).filter((name) => Object.hasOwn(domain, name))
  const fields = declared ?? present.map((name) => ({ name, type: domainFields[name] ?? '' }))
  if (fields.some(({ name, type }) => domainFields[name] !== type))
    throw unusable('its domain’s type is not that of EIP-712')
  return fields
}

/** Writes a line a value, and checks each one on the way. */
class Writer {
  readonly lines: LineView[] = []
  readonly #types: Types

  constructor(types: Types) {
    this.#types = types
  }

  add(label: string, value: string, depth: number): void {
    if (this.lines.length >= linesMax) throw unusable(`it has more than ${linesMax} values: nobody could read them`)
    this.lines.push({ label, value: valueLine(value), depth })
  }

  struct(type: string, values: Readonly<Record<string, unknown>>, depth: number): void {
    if (depth > typedDepthMax) throw unusable('its structures nest too deep')
    const fields = this.#types[type] ?? []
    for (const name of Object.keys(values)) {
      if (!fields.some((field) => field.name === name)) throw unusable(`${type} has a value that would not be signed`)
    }
    for (const { name, type: of } of fields) {
      if (!Object.hasOwn(values, name)) throw unusable(`the value ${name} of ${type} is missing`)
      this.#value(name, of, values[name], depth)
    }
  }

  #value(label: string, type: string, value: unknown, depth: number): void {
    const list = /^(.+)\[(\d{0,4})\]$/.exec(type)
    if (list !== null) {
      const [, of = '', length = ''] = list
      if (!Array.isArray(value) || (length !== '' && value.length !== Number(length))) throw misfit(label, type)
      if (depth > typedDepthMax) throw unusable('its structures nest too deep')
      this.add(label, `${value.length} of them`, depth)
      value.forEach((one, at) => {
        this.#value(`${label}[${at}]`, of, one, depth + 1)
      })
      return
    }
    if (this.#types[type] !== undefined && type !== 'EIP712Domain') {
      this.add(label, type, depth)
      this.struct(type, record(value, label), depth + 1)
      return
    }
    const text = atomText(type, value)
    if (text === undefined) throw misfit(label, type)
    this.add(label, text, depth)
  }
}

/** A value of a type that is no structure; undefined where it does not fit, or the type is unknown. */
function atomText(type: string, value: unknown): string | undefined {
  if (type === 'string') return typeof value === 'string' ? value : undefined
  if (type === 'bool') return typeof value === 'boolean' ? (value ? 'yes' : 'no') : undefined
  if (type === 'address') {
    const address = typeof value === 'string' ? readAddress(value) : undefined
    return address && shownAddress(address)
  }
  const [, bytes] = /^bytes(\d{0,2})$/.exec(type) ?? []
  if (bytes !== undefined) return bytesFit(value, bytes) ? String(value) : undefined
  const [, sign, bits] = /^(u?)int(\d{1,3})?$/.exec(type) ?? []
  return sign === undefined ? undefined : numberText(value, sign === 'u', Number(bits ?? 256))
}

function bytesFit(value: unknown, length: string): boolean {
  if (typeof value !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(value)) return false
  if (length === '') return true
  return Number(length) >= 1 && Number(length) <= 32 && value.length === 2 + 2 * Number(length)
}

function numberText(value: unknown, isUnsigned: boolean, bits: number): string | undefined {
  if (bits < 8 || bits > 256 || bits % 8 !== 0) return undefined
  const number = wordOf(value)
  if (number === undefined) return undefined
  const [least, end] = isUnsigned ? [0n, 1n << BigInt(bits)] : [-(1n << BigInt(bits - 1)), 1n << BigInt(bits - 1)]
  return number >= least && number < end ? number.toString() : undefined
}

function wordOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^(-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)) return undefined
  const number = BigInt(value)
  return number < wordEnd ? number : undefined
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unusable(`${what} is no object`)
  return value as Readonly<Record<string, unknown>>
}

const unusable = (why: string) => walletErrors.wallet_typed_unusable(`This data can’t be signed: ${why}.`)
const misfit = (label: string, type: string) => unusable(`${label} is no ${type.slice(0, 40)}`)
