// Where inputs start from: the vectors of test/vectors, and what our own encoders make.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '@ipld/dag-cbor'
import { fromHex, utf8 } from '../src/base/bytes.ts'

const vectorsFolder = join(import.meta.dirname, '../test/vectors')

/** All texts that stand under one of these names in a file of vectors. */
export function vectorTexts(file: string, ...names: readonly string[]): string[] {
  const found: string[] = []
  const walk = (value: unknown, name: string) => {
    if (typeof value === 'string') {
      if (names.includes(name)) found.push(value)
    } else if (Array.isArray(value)) for (const item of value) walk(item, name)
    else if (typeof value === 'object' && value !== null)
      for (const [key, field] of Object.entries(value)) walk(field, key)
  }
  walk(JSON.parse(readFileSync(join(vectorsFolder, file), 'utf8')), '')
  return found
}

/** The same, of hexadecimal. */
export function vectorBytes(file: string, ...names: readonly string[]): Uint8Array[] {
  return vectorTexts(file, ...names).flatMap((text) => fromHex(text) ?? [])
}

export const texts = (...all: readonly string[]): Uint8Array[] => all.map((text) => utf8(text))

export const cbor = (...values: readonly unknown[]): Uint8Array[] =>
  values.map((value) => Uint8Array.from(encode(value)))

export const json = (...values: readonly unknown[]): Uint8Array[] => values.map((value) => utf8(JSON.stringify(value)))

/** So many bytes, the same each time. */
export const filled = (length: number, byte = 7): Uint8Array => new Uint8Array(length).fill(byte)
