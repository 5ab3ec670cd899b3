// What an earlier get of the same share left in the same folder: which of its files are still ours, untouched. A person's
// edit is never taken for ours.

import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import type { Digest } from '../types.ts'
import type { BlockIndex, IndexedFile, IndexedLeaf } from './block-index.ts'
import { readPiece } from './file-read.ts'
import type { HoldingFacts } from './holding-rows.ts'
import type { CheckLeaf } from './leaf-check.ts'
import { stampOf } from './stamps.ts'

export interface BaseVersion {
  readonly facts: HoldingFacts
  /** What was written at a path below the share's top. */
  file(path: string): BaseFile | undefined
  /** Whether the file at `path` below the share's top is on disk just as it was written; `known` is what `file` gave. */
  isUntouched(path: string, known?: BaseFile): Promise<boolean>
}

export interface BaseFile {
  readonly file: IndexedFile
  readonly leaves: readonly IndexedLeaf[]
}

export function createBaseVersion(index: BlockIndex, facts: HoldingFacts, check: CheckLeaf): BaseVersion {
  const top = facts.path ?? ''
  const file = (path: string) => {
    const row = index.file(facts.id, path)
    return row === undefined ? undefined : { file: row, leaves: index.leavesOf(row.id) }
  }
  return {
    facts,
    file,
    async isUntouched(path, known = file(path)) {
      if (known === undefined) return false
      const absolute = join(top, path)
      const stats = lstatOrUndefined(absolute)
      if (stats === undefined || !stats.isFile() || stats.size !== BigInt(known.file.bytes)) return false
      return stampOf(stats) === known.file.stamp || (await holdsLeaves(absolute, known.leaves, check))
    },
  }
}

/** Whether every leaf is where it should be in the file; reads all of it. */
export async function holdsLeaves(
  path: string,
  leaves: readonly { readonly digest: Digest; readonly start: number; readonly bytes: number }[],
  check: CheckLeaf,
): Promise<boolean> {
  for (const leaf of leaves) {
    const plain = await readPiece(path, leaf.start, leaf.bytes)
    if (plain === undefined || (await check(plain, leaf.digest, undefined)) === undefined) return false
  }
  return true
}

/** Whether two lists of leaves say the same content. */
export function equalLeaves(a: readonly { readonly digest: Digest }[], b: readonly Digest[]): boolean {
  return a.length === b.length && a.every(({ digest }, place) => equalBytes(digest, b[place] ?? new Uint8Array()))
}

export function lstatOrUndefined(path: string) {
  try {
    return lstatSync(path, { bigint: true })
  } catch {
    return undefined
  }
}
