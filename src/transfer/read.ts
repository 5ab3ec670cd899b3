// Streams a file of a share while it arrives: tells the fetch which blocks come next, waits for each, and hands its plain
// bytes on. A reader that goes away takes its wishes with it.

import { leafBytes } from '../content/format/limits.ts'
import type { FileEntry, ReadableHolding } from '../content/types.ts'
import { transferErrors } from './errors.ts'
import { readAheadBlocksMax, readAheadBytesMax } from './limits.ts'
import { isFetched } from './view.ts'

export interface ReadParts {
  readonly holding: ReadableHolding
  /** Blocks called for from now on, the most urgent first; empty at the end. */
  callFor(indexes: readonly number[]): void
  /** Rejects when the transfer ends without the block; resolves at the next change worth looking at. */
  changed(signal: AbortSignal): Promise<void>
}

interface Piece {
  readonly index: number
  /** Where the leaf begins in the file. */
  readonly offset: number
  readonly length: number
}

/** Plain bytes [start, end) of a file, a chunk a block. Throws `range_wrong`, `block_not_wanted`, or the transfer's problem. */
export async function* readFile(
  parts: ReadParts,
  entry: FileEntry,
  range: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { holding } = parts
  if (range.start < 0 || range.end > entry.bytes || range.start > range.end) {
    throw transferErrors.range_wrong(`The file has ${entry.bytes} bytes.`)
  }
  const pieces = piecesOf(entry, range)
  try {
    for (const [place, piece] of pieces.entries()) {
      if (!holding.have.has(piece.index)) await waitFor(parts, entry, pieces, place, signal)
      const plain = await holding.readLeaf(piece.index, { signal })
      yield plain.subarray(Math.max(0, range.start - piece.offset), Math.min(plain.length, range.end - piece.offset))
    }
  } finally {
    parts.callFor([])
  }
}

async function waitFor(
  parts: ReadParts,
  entry: FileEntry,
  pieces: readonly Piece[],
  place: number,
  signal: AbortSignal,
): Promise<void> {
  const { holding } = parts
  const piece = pieces[place]
  if (piece === undefined) return
  parts.callFor(ahead(holding, pieces, place))
  let leftOut: boolean | undefined
  while (!holding.have.has(piece.index)) {
    if (!holding.isWanted(piece.index)) leftOut ??= isLeftOut(holding, entry)
    if (leftOut === true) throw transferErrors.block_not_wanted('This file is not fetched.')
    signal.throwIfAborted()
    await parts.changed(signal)
  }
}

/**
 * Whether a file of which a block is not wanted will stay without it. While a get looks for what this computer has
 * already, it wants no leaf of any file yet; which files it fetches is known from the same moment as their list.
 */
function isLeftOut(holding: ReadableHolding, entry: FileEntry): boolean {
  if (!isFetched(holding)) return true
  return !holding.fileProgress(holding.layout?.indexOf(entry) ?? -1).wanted
}

/** What the reader needs from `place` on that is not here, within its bounds. */
function ahead(holding: ReadableHolding, pieces: readonly Piece[], place: number): number[] {
  const indexes: number[] = []
  let bytes = 0
  for (let i = place; i < pieces.length && indexes.length < readAheadBlocksMax && bytes < readAheadBytesMax; i++) {
    const piece = pieces[i]
    if (piece === undefined) break
    bytes += piece.length
    if (!holding.have.has(piece.index)) indexes.push(piece.index)
  }
  return indexes
}

/** The leaves that the range touches. */
function piecesOf(entry: FileEntry, { start, end }: { readonly start: number; readonly end: number }): Piece[] {
  const pieces: Piece[] = []
  const offsetOf = (leaf: number) => entry.offsets?.[leaf] ?? leaf * leafBytes
  for (let leaf = firstLeaf(entry, start); leaf < entry.leaves.length; leaf++) {
    const offset = offsetOf(leaf)
    if (offset >= end) break
    const next = leaf + 1 < entry.leaves.length ? offsetOf(leaf + 1) : entry.bytes
    pieces.push({ index: entry.leaves[leaf] ?? 0, offset, length: next - offset })
  }
  return pieces
}

/** The leaf in which byte `start` lies. */
function firstLeaf({ offsets }: FileEntry, start: number): number {
  if (offsets === undefined) return Math.floor(start / leafBytes)
  const after = offsets.findIndex((offset) => offset > start)
  return after < 0 ? Math.max(0, offsets.length - 1) : Math.max(0, after - 1)
}
