// What is fuzzed: one target a decoder. A target says how to read an input, which codes that may be refused with, and how
// what was read is written again. From that follows what must be true of every input, whatever it is:
//
//   reading gives a value or throws a PeerhoodError with one of the target's codes, never an internal one
//   the value is no larger than a multiple of the input
//   canonical: writing the value gives the input; otherwise reading what was written gives the value again
//
// A target may check more (the same frames however a stream is cut): it throws a bare Error, which is a find.

import { isDeepStrictEqual } from 'node:util'
import { equalBytes } from '../src/base/bytes.ts'
import { isPeerhoodError } from '../src/base/errors.ts'
import { sizeOf } from './size.ts'

/** How inputs are changed beside byte by byte: what a format holds, as values. */
export type Shape = 'bytes' | 'text' | 'cbor' | 'json'

export interface Target {
  readonly name: string
  /** The decoders that this runs, as `src/log/wire.ts decodeEntry`. */
  readonly covers: readonly string[]
  readonly shape: Shape
  /** Valid inputs, and such as are just not. */
  readonly seeds: () => readonly Uint8Array[]
  /** Pieces that mean something here, to put in. */
  readonly words: readonly string[]
  /** Makes a changed input get past what guards it (a checksum), half of the times. */
  readonly mend: ((input: Uint8Array) => Uint8Array) | undefined
  /** Longest input that is made. */
  readonly inputBytesMax: number
  /** In CI. Fewer than `runsInCi` only where signatures dominate. */
  readonly runs: number
  /** Throws a bare Error for what must not be; else what was refused, if it was. */
  readonly check: (input: Uint8Array) => Verdict | Promise<Verdict>
}

/** `refused` is the code, `sentence` tells two refusals of one code apart. */
export type Verdict = { readonly refused?: string; readonly sentence?: string }

export const runsInCi = 10_000

interface Definition<Value> {
  readonly name: string
  readonly covers: readonly string[]
  readonly shape?: Shape
  readonly codes?: readonly string[]
  readonly seeds: () => readonly Uint8Array[]
  readonly words?: readonly string[]
  readonly mend?: (input: Uint8Array) => Uint8Array
  readonly inputBytesMax?: number
  readonly runs?: number
  readonly decode: (input: Uint8Array) => Value | Promise<Value>
  /** Undefined for a value that has no form to write. */
  readonly encode?: (value: Value) => Uint8Array | undefined
  /** Whether each value has one encoding only; default: yes, where there is an encoder. */
  readonly canonical?: boolean
}

export function target<Value>(definition: Definition<Value>): Target {
  const { codes = [], words = [], mend, inputBytesMax = 8_192, runs = runsInCi } = definition
  const { name, covers, shape = 'bytes', seeds } = definition
  return {
    name,
    covers,
    shape,
    seeds,
    words,
    mend,
    inputBytesMax,
    runs,
    check: (input) => check(definition, codes, input),
  }
}

function check<Value>(definition: Definition<Value>, codes: readonly string[], input: Uint8Array) {
  // Decoders may keep views of what they were given; nothing they do may change it.
  const given = Uint8Array.from(input)
  let value: Value | Promise<Value>
  try {
    value = definition.decode(given)
  } catch (error) {
    return refusal(error, codes)
  }
  if (!(value instanceof Promise)) return checkValue(definition, input, given, value)
  return value.then(
    (read) => checkValue(definition, input, given, read),
    (error) => refusal(error, codes),
  )
}

function refusal(error: unknown, codes: readonly string[]): Verdict {
  if (!isPeerhoodError(error)) throw new Error(`threw ${describe(error)}`, { cause: error })
  if (!codes.includes(error.code) || error.kind === 'internal') throw new Error(`threw the code ${error.code}`)
  return { refused: error.code, sentence: error.message }
}

/** Assertions and library errors alike: name and sentence, without what changes from input to input. */
function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

function checkValue<Value>(definition: Definition<Value>, input: Uint8Array, given: Uint8Array, value: Value): Verdict {
  if (!equalBytes(input, given)) throw new Error('the decoder changed its input')
  const max = 65_536 + 64 * input.length
  if (sizeOf(value) > max) throw new Error('the value is far larger than its input')
  const { encode, decode, canonical = true } = definition
  const again = encode?.(value)
  if (again === undefined) return {}
  if (canonical && !equalBytes(again, input)) throw new Error('the value encodes to something else')
  if (!canonical && !isDeepStrictEqual(decode(again), value))
    throw new Error('what was encoded reads as something else')
  return {}
}

/** Text of an input: what is no UTF-8 becomes a lone surrogate, which no encoder makes and JSON can bring. */
export function textOf(input: Uint8Array): string {
  const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString('utf8')
  return text.includes('\ufffd') ? text.replaceAll('\ufffd', '\udc80') : text
}
