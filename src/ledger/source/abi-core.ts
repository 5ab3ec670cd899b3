// An ABI as anybody may write it, read strictly. Types are bounded: decoding by a type whose elements take no data, or that has
// millions of them, would never end. Pure.

import type { Abi, AbiEvent, AbiFunction } from 'viem'
import { sourceErrors } from './errors.ts'
import { abiCharsMax, abiDepthMax, abiFixedItemsMax, abiItemsMax, abiPartsMax } from './limits.ts'

export type AbiError = Extract<Abi[number], { readonly type: 'error' }>
type AbiConstructor = Extract<Abi[number], { readonly type: 'constructor' }>
export type AbiItem = AbiFunction | AbiEvent | AbiError | AbiConstructor

interface Parameter {
  readonly name: string
  readonly type: string
  readonly components?: readonly Parameter[]
  readonly indexed?: boolean
}

const word = /^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/
const elementary =
  /^(?:address|bool|string|bytes|function|bytes(?:[1-9]|[12]\d|3[0-2])|u?int(?:8|16|24|32|40|48|56|64|72|80|88|96|104|112|120|128|136|144|152|160|168|176|184|192|200|208|216|224|232|240|248|256)|tuple)$/

/** JSON: the list, or an object with one as `abi`, as build tools write it. Throws `abi_unusable`. */
export function readAbiText(text: string, options: ReadAbi = {}): readonly AbiItem[] {
  if (text.length > abiCharsMax) throw unusable(`it has ${text.length} characters; at most ${abiCharsMax} are read`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unusable('it is no JSON')
  }
  return readAbi(Array.isArray(value) ? value : fieldsOf(value)?.abi, options)
}

export interface ReadAbi {
  /** Leaves out what can't be read: functions of libraries may take what has no type here, such as places in storage. */
  readonly isLenient?: boolean
}

/** Throws `abi_unusable`. What is neither function, event, error nor constructor is left out. */
export function readAbi(value: unknown, { isLenient = false }: ReadAbi = {}): readonly AbiItem[] {
  if (!Array.isArray(value)) throw unusable('it is no list')
  if (value.length > abiItemsMax) throw unusable(`it has ${value.length} entries; at most ${abiItemsMax} are read`)
  return value.flatMap((one) => {
    try {
      return readItem(fieldsOf(one)) ?? []
    } catch (error) {
      if (isLenient) return []
      throw error
    }
  })
}

function readItem(item: Readonly<Record<string, unknown>> | undefined): AbiItem | undefined {
  if (item === undefined) throw unusable('an entry is no object')
  const { type, name, inputs = [], outputs = [], stateMutability, anonymous } = item
  switch (type) {
    case 'function':
      return {
        type,
        name: nameOf(name),
        inputs: parametersOf(inputs, false),
        outputs: parametersOf(outputs, false),
        stateMutability: mutabilityOf(stateMutability),
      } as AbiFunction
    case 'event':
      return { type, name: nameOf(name), inputs: parametersOf(inputs, true), anonymous: anonymous === true } as AbiEvent
    case 'error':
      return { type, name: nameOf(name), inputs: parametersOf(inputs, false) } as AbiError
    case 'constructor':
      return {
        type,
        inputs: parametersOf(inputs, false),
        stateMutability: mutabilityOf(stateMutability),
      } as AbiConstructor
    default:
      return undefined
  }
}

function parametersOf(value: unknown, isEvent: boolean, depth = 0): readonly Parameter[] {
  if (!Array.isArray(value)) throw unusable('its arguments are no list')
  if (value.length > abiPartsMax || depth > abiDepthMax) throw unusable('a type in it is too large')
  return value.map((one) => {
    const { name = '', type, components, indexed } = fieldsOf(one) ?? {}
    if (typeof name !== 'string' || (name !== '' && !word.test(name))) throw unusable('an argument’s name is none')
    if (typeof type !== 'string') throw unusable('an argument has no type')
    const base = checkType(type)
    const parts = base === 'tuple' ? parametersOf(components, false, depth + 1) : undefined
    // A structure of nothing takes no data: a list of them could be of any length.
    if (parts?.length === 0) throw unusable('a structure in it has no parts')
    return {
      name,
      type,
      ...(parts === undefined ? {} : { components: parts }),
      ...(isEvent ? { indexed: indexed === true } : {}),
    }
  })
}

/** The type without its dimensions. */
function checkType(type: string): string {
  const [, base = '', dimensions = ''] = /^([a-z0-9]{1,16})((?:\[\d{0,7}\]){0,8})$/.exec(type) ?? []
  if (!elementary.test(base)) throw unusable('a type in it is none')
  let items = 1
  for (const [, length = ''] of dimensions.matchAll(/\[(\d*)\]/g)) {
    if (length === '') continue
    items *= Number(length)
    if (items === 0 || items > abiFixedItemsMax) throw unusable('a list in it has no elements or too many')
  }
  return base
}

function nameOf(name: unknown): string {
  if (typeof name !== 'string' || !word.test(name)) throw unusable('a name in it is none')
  return name
}

function mutabilityOf(value: unknown): string {
  return value === 'view' || value === 'pure' || value === 'payable' ? value : 'nonpayable'
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

const unusable = (why: string) => sourceErrors.abi_unusable(`This is no ABI that can be used: ${why}.`)
