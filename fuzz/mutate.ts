// How inputs are changed: bytes of any format, and the values inside of those whose frame a random byte would only break
// (DAG-CBOR, JSON). The same random source gives the same changes.

import { decode, encode } from '@ipld/dag-cbor'
import { concatBytes, utf8 } from '../src/base/bytes.ts'
import type { SeededRandom } from '../test/sim/random.ts'
import type { Target } from './target.ts'

type Mutator = (input: Uint8Array, random: SeededRandom, others: readonly Uint8Array[]) => Uint8Array

const edges = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
]

const place = (input: Uint8Array, random: SeededRandom) => random.below(input.length + 1)

function spliced(input: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  return concatBytes(input.subarray(0, at), added, input.subarray(Math.min(input.length, at + removed)))
}

const byteMutators: readonly Mutator[] = [
  function flipBit(input, random) {
    const changed = Uint8Array.from(input)
    const at = random.below(changed.length)
    if (changed.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8))
    return changed
  },
  function setByte(input, random) {
    const changed = Uint8Array.from(input)
    if (changed.length > 0)
      changed[random.below(changed.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
    return changed
  },
  function truncate(input, random) {
    return input.slice(0, random.below(input.length + 1))
  },
  function extend(input, random) {
    return concatBytes(input, random.bytes(1 + random.below(random.pick([1, 4, 64]))))
  },
  function remove(input, random) {
    return spliced(input, place(input, random), 1 + random.below(8), new Uint8Array(0))
  },
  function insert(input, random) {
    return spliced(input, place(input, random), 0, random.bytes(1 + random.below(8)))
  },
  function repeat(input, random) {
    const at = place(input, random)
    const chunk = input.subarray(at, at + 1 + random.below(random.pick([4, 40, 400])))
    const times = 1 + random.below(random.pick([2, 8, 64]))
    return spliced(input, at, 0, concatBytes(...new Array<Uint8Array>(times).fill(chunk)))
  },
  function splice(input, random, others) {
    const other = random.pick(others)
    const from = place(other, random)
    return concatBytes(input.subarray(0, place(input, random)), other.subarray(from))
  },
  function swap(input, random) {
    const [a = 0, b = 0] = [place(input, random), place(input, random)].sort((x, y) => x - y)
    return concatBytes(input.subarray(b), input.subarray(a, b), input.subarray(0, a))
  },
  /** Lengths, counts and numbers of every width stand somewhere. */
  function number(input, random) {
    const width = random.pick([1, 2, 4, 8])
    if (input.length < width) return input
    const changed = Uint8Array.from(input)
    const at = random.below(input.length - width + 1)
    const near = changed[at + width - 1] ?? 0
    const value = random.pick([...edges, near + 1, Math.max(0, near - 1), input.length, input.length - at])
    const view = new DataView(changed.buffer)
    if (width === 8) view.setBigUint64(at, random.pick([BigInt(value), 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n]))
    else if (width === 4) view.setUint32(at, value)
    else if (width === 2) view.setUint16(at, value)
    else view.setUint8(at, value)
    return changed
  },
]

const oddTexts = [
  '',
  ' ',
  '\0',
  '\n',
  '\r\n',
  '\t',
  '\ufeff',
  '\u202e',
  '\u2028',
  '\u200b',
  '\ud800',
  '\udfff',
  '😀',
  'é',
  'e\u0301',
  'İ',
  'ﬁ',
  'ǅ',
  '__proto__',
  'constructor',
  'toString',
  '..',
  '/',
  '\\',
  '%2e',
  '%00',
  '%',
  'a'.repeat(300),
  '9'.repeat(40),
  '-1',
  '1e999',
  'NaN',
] as const

/** Puts a word in, or in the place of something: of the target, or one that is odd anywhere. */
function insertWord(input: Uint8Array, random: SeededRandom, words: readonly string[]): Uint8Array {
  const word = random.pick(words.length > 0 && random.below(4) > 0 ? words : oddTexts)
  // Lone surrogates as in WTF-8, which `textOf` reads as such.
  const bytes = word.isWellFormed() ? utf8(word) : Uint8Array.of(0xed, 0xa0, 0x80)
  const times = random.below(12) === 0 ? 1 + random.below(200) : 1
  return spliced(
    input,
    place(input, random),
    random.pick([0, 0, 1, 4]),
    concatBytes(...new Array<Uint8Array>(times).fill(bytes)),
  )
}

// ---- values

/** A value of another kind, or at an edge of the same. */
function oddValue(value: unknown, random: SeededRandom, isCbor: boolean): unknown {
  if (typeof value === 'number' && random.below(2) === 0) {
    return random.pick([...edges, value + 1, value - 1, -value, Number.MAX_SAFE_INTEGER, -1, 2 ** 31, 1.5])
  }
  if (typeof value === 'string' && random.below(2) === 0) {
    const odd = random.pick(oddTexts.filter((text) => text.isWellFormed()))
    return random.pick([
      odd,
      value + odd,
      odd + value,
      value.slice(1),
      value.repeat(random.pick([2, 50])),
      value.toUpperCase(),
    ])
  }
  if (value instanceof Uint8Array && random.below(4) > 0) return changedBytes(value, random)
  const plain = [null, true, false, 0, -1, 1, '', 'x', [], {}, [[]], new Array<number>(300).fill(1)]
  return random.pick<unknown>(isCbor ? [...plain, 2n ** 60n, new Uint8Array(0), random.bytes(32)] : plain)
}

function changedBytes(value: Uint8Array, random: SeededRandom): Uint8Array {
  return random.pick(byteMutators.slice(0, 7))(value, random, [value])
}

/** The value with something changed at one place in it: chosen on the way down, so that outer places count, too. */
function changedValue(value: unknown, random: SeededRandom, isCbor: boolean): unknown {
  const isWhole = typeof value !== 'object' || value === null || value instanceof Uint8Array
  if (isWhole || random.below(6) === 0) return oddValue(value, random, isCbor)
  return Array.isArray(value) ? changedList(value, random, isCbor) : changedMap(value, random, isCbor)
}

function changedList(list: readonly unknown[], random: SeededRandom, isCbor: boolean): unknown[] {
  const at = random.below(list.length)
  switch (list.length === 0 ? 3 : random.below(8)) {
    case 0:
      return list.toSpliced(at, 1)
    case 1:
      return list.toSpliced(at, 0, list[at])
    case 2:
      return list.toReversed()
    case 3:
      return [...list, oddValue(undefined, random, isCbor)]
    default:
      return list.with(at, changedValue(list[at], random, isCbor))
  }
}

function changedMap(map: object, random: SeededRandom, isCbor: boolean): object {
  const fields = Object.entries(map)
  const at = random.below(fields.length)
  const [name = '', value] = fields[at] ?? []
  switch (fields.length === 0 ? 0 : random.below(8)) {
    case 0:
      return Object.fromEntries([
        ...fields,
        [random.pick(['x', 'v', '', 'toString', name]), oddValue(1, random, isCbor)],
      ])
    case 1:
      return Object.fromEntries(fields.toSpliced(at, 1))
    case 2:
      return Object.fromEntries(fields.with(at, [`${name}x`, value]))
    default:
      return Object.fromEntries(fields.with(at, [name, changedValue(value, random, isCbor)]))
  }
}

/** DAG-CBOR inside byte strings (payloads in envelopes) is changed within as often as the bytes around it. */
function changedCbor(input: Uint8Array, random: SeededRandom): Uint8Array {
  try {
    return Uint8Array.from(encode(changedInside(decode(input), random)))
  } catch {
    return input
  }
}

function changedInside(value: unknown, random: SeededRandom): unknown {
  if (Array.isArray(value) && random.below(2) === 0) {
    const at = value.findIndex((item) => item instanceof Uint8Array && item.length > 64 && isCborList(item))
    if (at !== -1) return value.with(at, changedCbor(value[at], random))
  }
  return changedValue(value, random, true)
}

/** A list or map, by its first byte. */
function isCborList([first = 0]: Uint8Array): boolean {
  return first >> 5 === 4 || first >> 5 === 5
}

function changedJson(input: Uint8Array, random: SeededRandom): Uint8Array {
  try {
    const value = changedValue(JSON.parse(new TextDecoder().decode(input)), random, false)
    return utf8(JSON.stringify(value) ?? '')
  } catch {
    return input
  }
}

/** One of `corpus`, changed in one to four ways. */
export function mutate(target: Target, corpus: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  let input = random.pick(corpus)
  const isShaped = target.shape === 'cbor' || target.shape === 'json'
  const byValue = isShaped && random.below(4) > 0
  for (let left = random.pick([1, 1, 1, 2, 3]); left > 0; left--) {
    if (byValue) input = target.shape === 'cbor' ? changedCbor(input, random) : changedJson(input, random)
    else if (target.shape === 'text' ? random.below(2) === 0 : target.words.length > 0 && random.below(4) === 0)
      input = insertWord(input, random, target.words)
    else input = random.pick(byteMutators)(input, random, corpus)
    if (input.length > target.inputBytesMax) input = input.slice(0, target.inputBytesMax)
  }
  return target.mend !== undefined && random.below(4) > 0 ? target.mend(input) : input
}
