// Inputs that a decoder once failed on: test/vectors/fuzz/<target>/<start of the digest>.hex.

import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fromHex } from '../src/base/bytes.ts'

export const vectorsFolder = join(import.meta.dirname, '../test/vectors/fuzz')

export const vectorsOf = (target: string): string => join(vectorsFolder, target)

export function keptInputs(target: string): { readonly name: string; readonly input: Uint8Array }[] {
  return globSync(join(vectorsOf(target), '*.hex')).map((path) => {
    const input = fromHex(readFileSync(path, 'utf8').trim())
    if (input === undefined) throw new Error(`${path} is no hexadecimal`)
    return { name: basename(path, '.hex'), input }
  })
}
